import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { localFile, remoteInput } from "../../../../src/run/output/localPaths";

const folders = [
  { path: "/home/me/project", remotePath: "/workspace/project" },
  { path: "/home/me/project/data", remotePath: "/workspace/data" },
];

describe("text typed into a sandbox's shell", () => {
  const is = (input: string, expected: string) => assert.equal(remoteInput(input, folders), expected);

  it("is the path in the sandbox if a file of a folder was dropped or pasted", () => {
    is("/home/me/project/src/train.py", "/workspace/project/src/train.py");
    is("\x1b[200~/home/me/project/train.py\x1b[201~", "\x1b[200~/workspace/project/train.py\x1b[201~");
    is("/home/me/project", "/workspace/project");
  });

  it("is quoted for the shell", () => is("/home/me/project/it's (1).py", "'/workspace/project/it'\\''s (1).py'"));

  it("is the path in the innermost folder", () => is("/home/me/project/data/a.csv", "/workspace/data/a.csv"));

  it("is otherwise left as it is", () => {
    for (const input of ["/", "a", "\r", "\x03", "\x1b[A", "/etc/passwd", "/home/me/projects/a", "ls /home/me/project"])
      is(input, input);
    is("/home/me/project/a\rrm", "/home/me/project/a\rrm");
    is("/home/me/project/../secret", "/home/me/project/../secret");
  });
});

describe("the local file of a path that a program prints", () => {
  let base: string;
  let folder: { path: string; remotePath: string };
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "places-"));
    folder = { path: join(base, "project"), remotePath: "/workspace" };
    await mkdir(join(folder.path, "src"), { recursive: true });
    await writeFile(join(folder.path, "src", "train.py"), "");
    await writeFile(join(base, "secret.py"), "");
    await symlink(join(base, "secret.py"), join(folder.path, "link.py"));
    await symlink(base, join(folder.path, "out"));
    await symlink("src/train.py", join(folder.path, "inner.py"));
  });
  afterEach(() => rm(base, { recursive: true }));

  it("is a file of the folder", async () => {
    const train = join(folder.path, "src", "train.py");
    for (const path of ["/workspace/src/train.py", "src/train.py", "/workspace/x/../src/train.py"])
      assert.equal(await localFile(path, [folder]), train, path);
    assert.equal(await localFile("train.py", [folder], "src"), train);
    assert.equal(await localFile("inner.py", [folder]), join(folder.path, "inner.py"));
  });

  it("is never outside the folder, by its path or behind a link", async () => {
    const outside = [
      "/workspace/../secret.py",
      "../secret.py",
      "/secret.py",
      join(base, "secret.py"),
      "link.py",
      "out/secret.py",
    ];
    for (const path of [...outside, "src", "/workspace", "", "a\0b", "file:///etc/passwd", "x".repeat(10_000)])
      assert.equal(await localFile(path, [folder]), undefined, path.slice(0, 40));
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { after, before, beforeEach, describe, it } from "mocha";

const TOOL = resolve("dist/sandboxFs.js");

describe("the filesystem tool of a sandbox", () => {
  let base: string;
  let folder: string;
  let count = 0;

  before(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), "sandbox-fs-")));
  });

  beforeEach(async () => {
    folder = join(base, String((count += 1)));
    await mkdir(folder);
  });

  after(() => rm(base, { recursive: true, force: true }));

  it("lists a folder by name, with the fields that the SDK shows", async () => {
    await writeFile(join(folder, "b.txt"), "hello", { mode: 0o640 });
    await chmod(join(folder, "b.txt"), 0o100640);
    await mkdir(join(folder, "a"));
    await symlink("b.txt", join(folder, "c"));

    const entries = json(await call({ ListFiles: { path: folder } })) as Record<string, unknown>[];

    assert.deepEqual(
      entries.map(({ name, type, path }) => [name, type, path]),
      [
        ["a", "directory", join(folder, "a")],
        ["b.txt", "file", join(folder, "b.txt")],
        ["c", "symlink", join(folder, "c")],
      ],
    );
    const { mtimeMs } = await lstat(join(folder, "b.txt"));
    const [, file, link] = entries;
    assert.equal(file?.size, 5);
    assert.equal(file.mode, 0o100640);
    assert.equal(file.permissions, "0640");
    assert.ok(Math.abs(Number(file.modified_time) - mtimeMs / 1000) < 0.001);
    assert.equal(file.symlink_target, undefined);
    assert.equal(link?.symlink_target, "b.txt");
  });

  it("names the owners that the system knows", async () => {
    const entry = json(await call({ Stat: { path: "/etc/passwd" } })) as Record<string, unknown>;
    assert.equal(entry.owner, "root");
  });

  it("follows a link when listing a folder, but not when describing one", async () => {
    await mkdir(join(folder, "real"));
    await writeFile(join(folder, "real", "x"), "");
    await symlink("real", join(folder, "link"));

    const listed = json(await call({ ListFiles: { path: join(folder, "link") } })) as { path: string }[];
    const described = json(await call({ Stat: { path: join(folder, "link") } })) as { type: string };

    assert.deepEqual(
      listed.map(({ path }) => path),
      [join(folder, "link", "x")],
    );
    assert.equal(described.type, "symlink");
  });

  it("writes from stdin to a path whose folders do not exist, and reads it back byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    const path = join(folder, "new", "deep", "file é\n.bin");

    const written = await call({ WriteFile: { path } }, bytes);
    const read = await call({ ReadFile: { path } });

    assert.equal(written.code, 0);
    assert.ok((await readFile(path)).equals(bytes));
    assert.ok(read.stdout.equals(bytes));
  });

  it("truncates a file that it overwrites", async () => {
    const path = join(folder, "file");
    await writeFile(path, "a long text");
    await call({ WriteFile: { path } }, Buffer.from("short"));
    assert.equal(await readFile(path, "utf8"), "short");
  });

  it("creates folders, with parents on request", async () => {
    assert.equal((await call({ MakeDirectory: { path: join(folder, "a/b"), parents: true } })).code, 0);
    assert.equal((await call({ MakeDirectory: { path: join(folder, "a/b"), parents: true } })).code, 0);
    assert.ok((await lstat(join(folder, "a/b"))).isDirectory());
  });

  it("removes files, links and, on request, whole trees", async () => {
    await mkdir(join(folder, "tree/inner"), { recursive: true });
    await symlink("tree", join(folder, "link"));

    await call({ Remove: { path: join(folder, "link"), recursive: false } });
    assert.ok((await lstat(join(folder, "tree"))).isDirectory());
    await call({ Remove: { path: join(folder, "tree"), recursive: true } });
    await assert.rejects(lstat(join(folder, "tree")), { code: "ENOENT" });
  });

  describe("reports the kind of a failure", () => {
    beforeEach(async () => {
      await writeFile(join(folder, "file"), "");
      await mkdir(join(folder, "full/inner"), { recursive: true });
    });

    const failures: [string, string, (folder: string) => object][] = [
      ["NotFound", "listing a missing folder", (path) => ({ ListFiles: { path: `${path}/none` } })],
      ["NotDirectory", "listing a file", (path) => ({ ListFiles: { path: `${path}/file` } })],
      ["NotFound", "describing a missing file", (path) => ({ Stat: { path: `${path}/none` } })],
      ["NotDirectory", "describing below a file", (path) => ({ Stat: { path: `${path}/file/x` } })],
      ["NotFound", "reading a missing file", (path) => ({ ReadFile: { path: `${path}/none` } })],
      ["IsDirectory", "reading a folder", (path) => ({ ReadFile: { path: `${path}/full` } })],
      ["IsDirectory", "writing to a folder", (path) => ({ WriteFile: { path: `${path}/full` } })],
      ["NotDirectory", "writing below a file", (path) => ({ WriteFile: { path: `${path}/file/x` } })],
      ["NotDirectory", "writing far below a file", (path) => ({ WriteFile: { path: `${path}/file/x/y` } })],
      [
        "NotFound",
        "creating a folder in a missing one",
        (path) => ({ MakeDirectory: { path: `${path}/none/x`, parents: false } }),
      ],
      [
        "PathAlreadyExists",
        "creating an existing folder",
        (path) => ({ MakeDirectory: { path: `${path}/full`, parents: false } }),
      ],
      [
        "PathAlreadyExists",
        "creating a folder in place of a file",
        (path) => ({ MakeDirectory: { path: `${path}/file`, parents: true } }),
      ],
      [
        "NotDirectory",
        "creating a folder below a file",
        (path) => ({ MakeDirectory: { path: `${path}/file/x`, parents: true } }),
      ],
      ["NotFound", "removing a missing file", (path) => ({ Remove: { path: `${path}/none`, recursive: true } })],
      [
        "DirectoryNotEmpty",
        "removing a folder that is not empty",
        (path) => ({ Remove: { path: `${path}/full`, recursive: false } }),
      ],
      [
        "NotFound",
        "watching a missing folder",
        (path) => ({ Watch: { path: `${path}/none`, recursive: false, filter: null, timeout_secs: null } }),
      ],
    ];

    for (const [kind, deed, request] of failures)
      it(`${kind}: ${deed}`, async () => {
        const { code, stderr } = await call(request(folder));
        assert.equal(code, 1);
        const failure = JSON.parse(stderr) as Record<string, unknown>;
        assert.equal(failure.error_kind, kind);
        assert.match(String(failure.message), /\S/);
      });
  });

  it("fails for an unknown operation", async () => {
    const { code, stderr } = await call({ Fly: { path: "/" } });
    assert.equal(code, 1);
    assert.equal((JSON.parse(stderr) as Record<string, unknown>).error_kind, "InvalidRequest");
  });

  describe("while watching", () => {
    it("reports creation, change and removal of a file until stdin ends", async () => {
      const watching = await watch(folder);
      await watching.until("Create", () => writeFile(join(folder, "x"), ""), join(folder, "x"));
      await watching.until("Modify", () => writeFile(join(folder, "x"), "more"), join(folder, "x"));
      await watching.until("Remove", () => rm(join(folder, "x")), join(folder, "x"));
      assert.equal(await watching.end(), 0);
    });

    it("includes existing and new sub-folders on request", async () => {
      await mkdir(join(folder, "old"));
      const watching = await watch(folder, { recursive: true });
      await watching.until("Create", () => writeFile(join(folder, "old/x"), ""), join(folder, "old/x"));
      await mkdir(join(base, `outside-${count}/inner`), { recursive: true });
      await writeFile(join(base, `outside-${count}/inner/y`), "");
      await watching.until(
        "Create",
        () => rename(join(base, `outside-${count}`), join(folder, "moved")),
        join(folder, "moved/inner/y"),
      );
      await watching.until("Create", () => writeFile(join(folder, "moved/inner/z"), ""), join(folder, "moved/inner/z"));
      assert.equal(await watching.end(), 0);
    });

    it("reports only the requested types", async () => {
      const watching = await watch(folder, { filter: ["Remove"] });
      await watching.until(
        "Remove",
        async () => {
          await writeFile(join(folder, "x"), "");
          await rm(join(folder, "x"));
        },
        join(folder, "x"),
      );
      assert.deepEqual([...new Set(watching.seen.map(({ event_type }) => event_type))], ["Remove"]);
      await watching.end();
    });

    it("ends by itself when its time is up", async () => {
      const { exited } = start({ Watch: { path: folder, recursive: false, filter: null, timeout_secs: 0 } });
      assert.equal(await exited, 0);
    });
  });
});

interface WatchEvent {
  readonly event_type: string;
  readonly paths: readonly string[];
}

function start(request: object) {
  const child = spawn(process.execPath, [TOOL, JSON.stringify(request)], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  const exited = new Promise<number | null>((done) => child.once("close", done));
  return { child, exited };
}

async function call(request: object, stdin?: Buffer) {
  const { child, exited } = start(request);
  child.stdin.end(stdin);
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), text(child.stderr), exited]);
  return { stdout, stderr, code };
}

const json = ({ stdout, stderr }: { stdout: Buffer; stderr: string }): unknown => {
  assert.equal(stderr, "");
  return JSON.parse(stdout.toString());
};

async function watch(path: string, options: { recursive?: boolean; filter?: string[] } = {}) {
  const { child, exited } = start({ Watch: { path, recursive: false, filter: null, timeout_secs: null, ...options } });
  const seen: WatchEvent[] = [];
  let onSeen: () => void = () => undefined;
  createInterface(child.stdout).on("line", (line) => {
    seen.push(JSON.parse(line) as WatchEvent);
    onSeen();
  });
  const until = async (type: string, deed: () => Promise<unknown>, path: string): Promise<void> => {
    await deed();
    await new Promise<void>((done) => {
      onSeen = () => {
        if (seen.some((event) => event.event_type === type && event.paths[0] === path)) done();
      };
      onSeen();
    });
  };
  const end = (): Promise<number | null> => {
    child.stdin.end();
    return exited;
  };
  // The tool does not report when it has started to watch, so files are created until it reports one.
  for (let probe = 0; seen.length === 0; probe += 1) {
    await writeFile(join(path, `probe-${probe}`), "");
    await rm(join(path, `probe-${probe}`));
    await new Promise<void>((done) => {
      const timer = setTimeout(done, 20);
      onSeen = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
  return { seen, until, end };
}

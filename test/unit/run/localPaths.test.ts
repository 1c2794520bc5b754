import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { remoteInput } from "../../../src/run/localPaths";

const folders = [
  { path: "/home/me/project", remotePath: "/workspace/project" },
  { path: "/home/me/project/data", remotePath: "/workspace/data" },
];

describe("what is typed into a shell of a sandbox", () => {
  const is = (input: string, expected: string) => {
    assert.equal(remoteInput(input, folders), expected);
  };

  it("has the path in the sandbox where a file of a folder was dropped or pasted", () => {
    is("/home/me/project/src/train.py", "/workspace/project/src/train.py");
    is("\x1b[200~/home/me/project/train.py\x1b[201~", "\x1b[200~/workspace/project/train.py\x1b[201~");
    is("/home/me/project", "/workspace/project");
  });

  it("is quoted as the shell needs it", () => {
    is("/home/me/project/it's (1).py", "'/workspace/project/it'\\''s (1).py'");
  });

  it("is the place of the innermost folder", () => {
    is("/home/me/project/data/a.csv", "/workspace/data/a.csv");
  });

  it("is anything else as it is", () => {
    for (const input of ["/", "a", "\r", "\x03", "\x1b[A", "/etc/passwd", "/home/me/projects/a", "ls /home/me/project"])
      is(input, input);
    is("/home/me/project/a\rrm", "/home/me/project/a\rrm");
    is("/home/me/project/../secret", "/home/me/project/../secret");
  });
});

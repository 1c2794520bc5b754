import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { describe, it } from "mocha";
import { skip } from "../../../support/skip";
import {
  attachCommand,
  interruptCommand,
  NO_SUCH_RUN,
  stopCommand,
  type Seen,
} from "../../../../src/run/program/supervisor";
import { withOwnState } from "../../support/stateFolder";

const start = (argv: string[]): ChildProcess => {
  const [program = "", ...args] = withOwnState(argv);
  return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
};

const ended = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
};

const firstLine = async (child: ChildProcess): Promise<string> => {
  assert.ok(child.stdout);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return line;
};

/** A killed process may stay behind as a zombie until its parent looks. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
    if (/\) [ZX]/.test(state)) return;
    await setImmediate();
  }
}

const runs = (argv: string[], options: { env?: NodeJS.ProcessEnv; input?: string } = {}) => {
  const [program = "", ...args] = withOwnState(argv);
  return spawnSync(program, args, { encoding: "utf8", ...options });
};

const supervised = (runId: string, argv: string[], seen: Seen = { stdout: 0, stderr: 0 }) =>
  attachCommand({ runId, seen, isInteractive: false }, argv);

const PLACEHOLDER = "the-run";

describe("the supervisor", () => {
  const newId = () => randomBytes(6).toString("hex");

  it("passes on the program's exit code", async () => {
    assert.equal(await ended(start(supervised(newId(), ["sh", "-c", "exit 42"]))), 42);
  });

  it("passes on every argument unchanged", async () => {
    const argv = ["a b", "'", '"', "$HOME", "", "*", "line\nbreak"];
    const child = start(
      supervised(newId(), [process.execPath, "-p", "JSON.stringify(process.argv.slice(1))", "--", ...argv]),
    );
    assert.deepEqual(JSON.parse(await firstLine(child)), argv);
  });

  it("interrupts the program and what it started", async () => {
    const id = newId();
    const script = "trap 'kill $!; exit 7' INT; sleep 60 & echo ready; wait";
    const child = start(supervised(id, ["sh", "-c", script]));
    assert.equal(await firstLine(child), "ready");
    assert.equal(await ended(start(interruptCommand(id))), 0);
    assert.equal(await ended(child), 7);
  });

  it("kills a program that ignores an interrupt, with its children", async () => {
    const id = newId();
    const script = "trap '' INT TERM HUP; sh -c 'trap \"\" TERM; echo $$; exec sleep 60' & wait";
    const child = start(supervised(id, ["sh", "-c", script]));
    const grandchild = Number(await firstLine(child));
    assert.equal(await ended(start(stopCommand(id, "INT"))), 0);
    assert.equal(await ended(child), 137);
    await gone(grandchild);
  }).timeout(10_000);

  it("stops a program that handles an interrupt immediately", async () => {
    const id = newId();
    const child = start(supervised(id, ["sh", "-c", "echo ready; exec sleep 60"]));
    await firstLine(child);
    assert.equal(await ended(start(stopCommand(id, "INT"))), 0);
    assert.equal(await ended(child), 130);
  });

  for (const [what, command] of [
    ["stopped", stopCommand(PLACEHOLDER, "INT")],
    ["interrupted", interruptCommand(PLACEHOLDER)],
  ] as const)
    it(`does not run a program that was ${what} before it started, however late it starts`, () => {
      const id = newId();
      assert.equal(runs(command.map((word) => word.replace(PLACEHOLDER, id))).status, 0);
      const { status, stdout } = runs(supervised(id, ["echo", "ran"]));
      assert.deepEqual({ status, stdout }, { status: 130, stdout: "" });
    });

  it("shows a late reader the earlier output from any byte, and the exit code", async () => {
    const id = newId();
    const script = "echo one; echo two; echo three >&2; exit 5";
    assert.equal(await ended(start(supervised(id, ["sh", "-c", script]))), 5);
    const { stdout, stderr, status } = runs(supervised(id, [], { stdout: 4, stderr: 1 }));
    assert.deepEqual([stdout, stderr, status], ["two\n", "hree\n", 5]);
  });

  it("starts nothing twice", () => {
    const id = newId();
    const command = supervised(id, ["sh", "-c", "echo $$"]);
    assert.equal(runs(command).stdout, runs(command).stdout);
  });

  it("reports a run that the sandbox does not know", () =>
    assert.equal(runs(supervised(newId(), [])).status, NO_SUCH_RUN));

  it("ends the input for all readers when one of them ends it", async () => {
    const id = newId();
    const first = start(supervised(id, ["cat"]));
    first.stdin?.write("one\n");
    assert.equal(await firstLine(first), "one");
    const second = start(supervised(id, []));
    assert.equal(await firstLine(second), "one");
    second.stdin?.end();
    assert.equal(await ended(first), 0);
    assert.equal(await ended(second), 0);
  });

  it("needs no more than busybox", function () {
    if (spawnSync("busybox").error) skip(this, "needs busybox");
    const tools = mkdtempSync(join(tmpdir(), "busybox-"));
    try {
      spawnSync("busybox", ["--install", "-s", tools]);
      const env = { PATH: tools };
      const command = supervised(newId(), ["sh", "-c", 'read -r word; echo "$word"; echo err >&2; exit 7']);
      const { stdout, stderr, status } = runs(command, { env, input: "hello\n" });
      assert.deepEqual([stdout, stderr, status], ["hello\n", "err\n", 7]);
    } finally {
      rmSync(tools, { recursive: true });
    }
  }).timeout(10_000);
});

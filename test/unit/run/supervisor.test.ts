import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { describe, it } from "mocha";
import { attachCommand, interruptCommand, stopCommand } from "../../../src/run/supervisor";

const start = ([program = "", ...args]: string[]): ChildProcess =>
  spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });

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

const supervised = (id: string, argv: string[]) => attachCommand(id, { stdout: 0, stderr: 0 }, argv);

describe("the supervisor", () => {
  const newId = () => randomBytes(6).toString("hex");

  it("passes the program's exit code on", async () => {
    assert.equal(await ended(start(supervised(newId(), ["sh", "-c", "exit 42"]))), 42);
  });

  it("passes every argument on unchanged", async () => {
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

  it("kills a program that ignores being asked, with its children", async () => {
    const id = newId();
    const script = "trap '' INT TERM HUP; sh -c 'trap \"\" TERM; echo $$; exec sleep 60' & wait";
    const child = start(supervised(id, ["sh", "-c", script]));
    const grandchild = Number(await firstLine(child));
    assert.equal(await ended(start(stopCommand(id, "INT"))), 0);
    assert.equal(await ended(child), 137);
    await gone(grandchild);
  }).timeout(10_000);

  it("stops a program that listens at once", async () => {
    const id = newId();
    const child = start(supervised(id, ["sh", "-c", "echo ready; exec sleep 60"]));
    await firstLine(child);
    assert.equal(await ended(start(stopCommand(id, "INT"))), 0);
    assert.equal(await ended(child), 130);
  });
});

import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { collect } from "../../../src/modal/exec";
import type { Shell } from "../../../src/run/program/shell";
import type { RunningSandbox } from "../../../src/sandboxes/sandbox";
import { eventually, processesWith } from "../support/processes";
import { spec } from "../support/services";
import { Screen } from "../support/shellScreen";
import { useWindows } from "../support/windows";

/** How many shells are hung up while they start: `HANG_UPS=100` looks for races. */
const HANG_UPS = Number(process.env.HANG_UPS ?? 1);

describe("a shell", function () {
  this.timeout(20_000);
  const windows = useWindows();
  let sandbox: RunningSandbox;

  before(async () => {
    const { services, folder } = windows;
    sandbox = await services.sandboxes.create({ spec: spec(), folder }, AbortSignal.timeout(30_000));
  });

  const open = async (where = sandbox) => {
    const shell = windows.services.shells.open(where, "/tmp");
    const screen = new Screen(shell);
    await screen.shows(/[#$] ?$/);
    return { shell, screen };
  };
  /** Closes this window and returns the shell that the next window resumes. */
  const resumed = async (): Promise<Shell> => {
    const services = await windows.reopen();
    const coming = new Promise<Shell>((resolve) => services.shells.onDidResumeShell(resolve));
    await services.refresh();
    return coming;
  };

  /** A sandbox whose image has a script of ours in place of these programs. */
  const sandboxWith = async (programs: string, script: string): Promise<RunningSandbox> => {
    const hidden = `${windows.storageFolder}/instead-of-${programs.replaceAll(" ", "-")}`;
    const env = { PATH: `${hidden}:${process.env.PATH ?? ""}` };
    const signal = AbortSignal.timeout(30_000);
    const { services, folder } = windows;
    const made = await services.sandboxes.create({ spec: spec({ env }), folder }, signal);
    const hide = 'mkdir -p "$1"; for p in $2; do printf "#!/bin/sh\\n%s\\n" "$3" >"$1/$p"; chmod +x "$1/$p"; done';
    const argv = ["sh", "-c", hide, "sh", hidden, programs, script];
    assert.equal((await collect(await services.exec.exec(made.phase.id, argv, {}, signal))).exitCode, 0);
    return made;
  };

  it("has a terminal of the right size in the requested folder, and ends with its exit code", async () => {
    const { screen } = await open();
    await screen.type('echo "$(tput lines)x$(tput cols) $PWD $TERM "$((6 * 7))\n');
    await screen.shows(/30x100 \/tmp xterm-256color 42/);
    await screen.type("exit 7\n");
    assert.equal(await screen.over, 7);
  });

  const isTerminal = async (shell: Shell, screen: Screen, exitCode: number) => {
    await shell.resize({ columns: 50, rows: 20 });
    await screen.type("stty size\n");
    await screen.shows(/20 50/);
    // The program says so itself: by then it has the terminal, and with it the interrupt.
    await screen.type("sh -c 'printf a%s sleep; exec sleep 1000'\n");
    await screen.shows(/asleep/);
    await screen.type("\x03");
    await screen.type(`echo code $?; exit ${exitCode}\n`);
    await screen.shows(/code 130/);
    assert.equal(await screen.over, exitCode);
  };

  it("outlives its window: the next window shows all of it, types, resizes and gets the exit code", async () => {
    const { screen: before } = await open();
    await before.type("stty -echo; name=kept; echo sta''rted\n");
    await before.shows(/started\r\n.*[#$] $/);

    const shell = await resumed();
    assert.equal(shell.writtenBytes, Buffer.byteLength(before.text));
    const screen = new Screen(shell);
    await screen.shows(/started/);
    await screen.type("echo is $name\n");
    await screen.shows(/is kept/);
    assert.ok(screen.text.startsWith(before.text));
    await isTerminal(shell, screen, 9);
  });

  it("is not resumed after it was hung up, and leaves nothing behind", async () => {
    const { shell, screen } = await open();
    const mark = `4${String(process.pid)}.5`;
    await screen.type(`sleep ${mark}\n`);
    assert.ok(await eventually(async () => (await processesWith(mark)).length > 0));
    await shell.hangUp();
    assert.equal(await screen.over, 129);
    assert.ok(await eventually(async () => (await processesWith(mark)).length === 0));
  });

  const hangUpAtOnce = async (where: RunningSandbox) => {
    const shell = windows.services.shells.open(where, "/tmp");
    const screen = new Screen(shell);
    await shell.hangUp();
    assert.equal(await screen.over, 129);
  };

  it("ends if it is hung up before it has started", async function () {
    this.timeout(20_000 + 2000 * HANG_UPS);
    for (let attempt = 0; attempt < HANG_UPS; attempt++) await hangUpAtOnce(sandbox);
  });

  it("ends if it is hung up long before it has started", async function () {
    this.timeout(20_000 + 2000 * HANG_UPS);
    const slow = await sandboxWith("script", '[ "$1" = --version ] || sleep 3; PATH=${PATH#*:} exec script "$@"');
    await Promise.all(Array.from({ length: HANG_UPS }, () => hangUpAtOnce(slow)));
  });

  it("shows every byte once if its output is cut again and again", async () => {
    const rules = [{ rpc: "TaskExecStdioRead", cutAfterBytes: 5000, status: "UNAVAILABLE" }];
    await windows.break({ rules });
    const { screen } = await open();
    await screen.type("seq -s, 5000 9999\n");
    await screen.shows(/,9999\r\n/);
    const numbers = Array.from({ length: 5000 }, (_, index) => 5000 + index);
    assert.ok(screen.text.includes(`${numbers.join(",")}\r\n`));
    await windows.break({});
    await screen.type("exit 3\n");
    assert.equal(await screen.over, 3);
  });

  it("reattaches when its connection breaks, shows every byte once, and takes input as before", async () => {
    const rules = [{ rpc: "TaskExecStdioRead", cutAfterBytes: 4000, status: "ABORTED" }];
    await windows.break({ rules });
    const { screen } = await open();
    await screen.type("stty -echo; seq -s, 1000 2999\n");
    await screen.shows(/,2999\r\n/);
    await screen.type("echo typed $((6 * 7))\n");
    await screen.shows(/typed 42\r\n/);
    const numbers = Array.from({ length: 2000 }, (_, index) => 1000 + index);
    assert.ok(screen.text.includes(`${numbers.join(",")}\r\n`));
    assert.equal(screen.text.match(/typed 42/g)?.length, 1);
    assert.ok(screen.told.filter((line) => line === "Reconnected.").length >= 2);
    await windows.break({});
    await screen.type("exit 4\n");
    assert.equal(await screen.over, 4);
  });

  /** A sandbox of an image that lacks some programs. */
  const sandboxWithout = (...programs: string[]) => sandboxWith(programs.join(" "), "exit 127");

  for (const [what, missing, pythons] of [
    ["script", ["script"], 1],
    ["any program that brings one", ["script", "python3"], 0],
  ] as const)
    it(`has a terminal of the right size in an image without ${what}`, async () => {
      const { shell, screen } = await open(await sandboxWithout(...missing));
      await screen.type("stty -echo; pythons=$(cat /proc/[0-9]*/comm | grep -c python)\n");
      await screen.type('echo "$(stty size) $PWD $pythons"\n');
      await screen.shows(new RegExp(`30 100 /tmp ${pythons}`));
      await isTerminal(shell, screen, 7);
    });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeEach, describe, it } from "mocha";
import { delay } from "../../../src/base/async";
import { seededRandom } from "../../../src/local/faults/seededRandom";
import { fateOf } from "../../../src/run/program/closedTerminal";
import { launchers } from "../../../src/run/target/launchers";
import type { Run } from "../../../src/run/run";
import { digest, KNOWN_EXIT_CODE, KNOWN_PROGRAM, knownOutput } from "../support/knownOutput";
import { eventually, processesWith } from "../support/processes";
import { exitCodeOf, fileTarget, Screen, spec } from "../support/services";
import { useWindows } from "../support/windows";
import { SEED } from "../../support/seed";

/** Runs of known output, each broken into in another way and at another moment. */
const RUNS = Number(process.env.RUN_BREAKS ?? 5);

const troubles = [
  "connection cut",
  "connection cut for good",
  "window asleep",
  "window killed",
  "server restarted",
] as const;

describe("a run that is interrupted", function () {
  this.timeout(60_000);
  const windows = useWindows();
  const known = knownOutput();
  beforeEach(() => windows.write("known.py", KNOWN_PROGRAM));

  const start = (): { run: Run; screen: Screen } => {
    const target = fileTarget("known.py", launchers.python);
    const { services, folder } = windows;
    const [run] = services.runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
    assert.ok(run);
    return { run, screen: new Screen(run) };
  };
  const isWhole = async ({ run, screen }: { run: Run; screen: Screen }) => {
    assert.equal(await exitCodeOf(run), KNOWN_EXIT_CODE);
    assert.equal(digest(...screen.stdout), known.stdout);
    assert.equal(digest(...screen.stderr), known.stderr);
  };
  const moment = () => delay(random() * 2000);
  const window = async () => {
    const { backend, storageFolder, folder } = windows;
    const env = {
      ...process.env,
      MODAL_TOKEN_ID: backend.tokenId,
      MODAL_TOKEN_SECRET: backend.tokenSecret,
      STORAGE: storageFolder,
      FOLDER: folder,
    };
    const child = spawn(process.execPath, [join(__dirname, "../support/runningWindow.js")], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout);
    await once(lines, "line", { signal: AbortSignal.timeout(30_000) });
    return { child, lines };
  };

  /** The run of a window that was killed, as the next window resumes it. The program takes at least 1.65 s. */
  const resumeAfterKill = async (afterMs: number) => {
    const resumed = new Promise<Run>((resolve) => {
      const listening = windows.services.runs.onDidResumeRun((run) => {
        listening.dispose();
        resolve(run);
      });
    });
    const { child } = await window();
    await delay(afterMs);
    child.kill("SIGKILL");
    await once(child, "exit");
    await windows.services.refresh();
    return resumed;
  };

  let random: () => number;
  const breaks: Record<(typeof troubles)[number], () => Promise<void>> = {
    "connection cut": async () => {
      const cutAfterBytes = Math.floor(random() * 500_000);
      const rules = [{ rpc: "TaskExecStdioRead", share: 0.5, cutAfterBytes, status: "UNAVAILABLE" }];
      await windows.break({ seed: cutAfterBytes, rules });
      const started = start();
      await isWhole(started);
      await windows.break({});
    },
    "connection cut for good": async () => {
      const started = start();
      await started.screen.shows("ä");
      await moment();
      await windows.break({ rules: [{ rpc: "TaskExec*", cutAfterBytes: 0, status: "INTERNAL" }] });
      await delay(1000);
      await windows.break({});
      await isWhole(started);
    },
    "window asleep": async () => {
      const { child, lines } = await window();
      const ended = once(lines, "line", { signal: AbortSignal.timeout(30_000) });
      await moment();
      child.kill("SIGSTOP");
      await delay(2500);
      child.kill("SIGCONT");
      assert.deepEqual(await ended, [["ended", KNOWN_EXIT_CODE, known.stdout, known.stderr].join(" ")]);
      child.kill("SIGKILL");
      await once(child, "exit");
      await windows.services.refresh();
    },
    "window killed": async () => {
      const run = await resumeAfterKill(random() * 1000);
      const screen = new Screen(run);
      assert.equal(await exitCodeOf(run), KNOWN_EXIT_CODE);
      assert.equal(digest(...screen.stdout) + digest(...screen.stderr), known.stdout + known.stderr);
    },
    "server restarted": async () => {
      const { run, screen } = start();
      await screen.shows("ä");
      await delay(random() * 1000);
      const { backend, services } = windows;
      backend.kill();
      await backend.exited;
      await windows.restart();
      // A run that had ended by then did so with all of its output.
      if ((await run.finished).kind === "ended") await isWhole({ run, screen });
      await services.stop();
      assert.ok(await eventually(async () => (await processesWith("known.py")).length === 0), "no program is left");
    },
  };

  for (let index = 0; index < RUNS; index++) {
    const trouble = troubles[index % troubles.length] ?? "connection cut";
    it(`comes back whole, or ends with its server (break ${index + 1}: ${trouble}, SEED=${SEED})`, async () => {
      random = seededRandom(SEED + index);
      await breaks[trouble]();
    });
  }

  it("keeps its age while it reattaches, so that closing its terminal does not stop it", async () => {
    const run = await resumeAfterKill(300);
    assert.equal(fateOf(run.state, "ask", Date.now() + 60_000), "offer");
    new Screen(run);
    assert.equal(await exitCodeOf(run), KNOWN_EXIT_CODE);
  });

  it("can be stopped in the next window before a terminal shows it there", async () => {
    await windows.write("known.py", "import time; time.sleep(600)");
    const run = await resumeAfterKill(300);
    await run.stop();
    assert.ok(await eventually(async () => (await processesWith("known.py")).length === 0), "the program is gone");
    assert.notEqual(await exitCodeOf(run), 0);
  });
});

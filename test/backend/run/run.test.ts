import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import type { Run, RunState } from "../../../src/run/run";
import { outcomeOf } from "../../../src/run/runOutcome";
import { launchers } from "../../../src/run/target/launchers";
import { targetOf, type RunTarget } from "../../../src/run/target/target";
import { registryImage, type SandboxSpec } from "../../../src/modal/spec";
import { WORKSPACE } from "../../support/workspacePattern";
import { processesWith } from "../support/processes";
import { exitCodeOf, fileTarget, L4, Screen, spec, T4, useServices } from "../support/services";

describe("runs", function () {
  this.timeout(60_000);
  const services = useServices();

  function start(target: RunTarget, ...specs: SandboxSpec[]): { run: Run; screen: Screen }[] {
    const { runs, folder } = services();
    const request = { target, folder, remotePath: "/workspace", specs: specs.length > 0 ? specs : [spec()] };
    return runs.start(request).map((run) => ({ run, screen: new Screen(run) }));
  }

  function startOne(target: RunTarget, sandboxSpec = spec()): { run: Run; screen: Screen } {
    const [only] = start(target, sandboxSpec);
    assert.ok(only);
    return only;
  }

  it("a run pushes the folder and runs the file on every picked GPU, each in a separate sandbox", async () => {
    await services().write("data/größe name.txt", "42");
    await services().write("main.sh", 'pwd; cat "data/größe name.txt"; echo oops >&2; cat /etc/hostname >mine');
    const both = start(fileTarget("main.sh"), spec({ gpu: T4 }), spec({ gpu: L4 }));
    for (const { run, screen } of both) {
      assert.equal(await exitCodeOf(run), 0);
      assert.match(screen.text, new RegExp(`^${WORKSPACE}\\n42`));
      assert.equal(screen.errorText, "oops\n");
    }
    const keys = new Set(both.map(({ run }) => run.sandboxKey));
    assert.equal(keys.size, 2);
  });

  it("a run reports each step once before the program starts, and names the backend", async () => {
    await services().write("steps.sh", "true");
    const { run, screen } = startOne(fileTarget("steps.sh"), spec({ gpu: T4, cpu: 0.5 }));
    await run.finished;
    const [image, wait, ...rest] = screen.steps;
    assert.deepEqual([image, wait], ["Preparing the image python:3.12-slim", "Waiting for T4"]);
    const [syncing, synced] = rest.slice(-2);
    assert.equal(syncing, "Syncing the folder");
    assert.match(synced ?? "", /^Synced \d+ files?, /);
    assert.ok(rest.some((step) => /runs? on the CPU/.test(step)) || existsSync("/dev/nvidia0"));
  });

  it("a second run reuses the running sandbox of the same spec and pushes what changed", async () => {
    await services().write("again.sh", "echo one");
    const first = startOne(fileTarget("again.sh"));
    await first.run.finished;
    await services().write("again.sh", "echo two");
    const second = startOne(fileTarget("again.sh"));
    await second.run.finished;
    assert.equal(second.screen.text, "two\n");
    assert.equal(second.run.sandboxKey, first.run.sandboxKey);
  });

  it("a run is remembered with the spec or the sandbox that it asked for, and can be repeated there", async () => {
    const { records, runs, store, folder } = services();
    await services().write("where.sh", "true");
    const request = { target: fileTarget("where.sh"), folder, remotePath: "/workspace", isBackground: true };
    const [named] = runs.start({ ...request, specs: [{ ...spec(), specName: "train" }] });
    assert.ok(named);
    assert.equal(await exitCodeOf(named), 0);
    const sandbox = store.get(named.sandboxKey ?? "");
    assert.ok(sandbox?.phase.kind === "running");
    const given = runs.startIn({ gpu: sandbox.gpu, sandboxId: sandbox.phase.id }, request);
    assert.equal(await exitCodeOf(given), 0);
    const past = new Map((await records.past()).map((record) => [record.id, record.place]));
    assert.deepEqual(past.get(named.id), { kind: "spec", name: "train" });
    assert.deepEqual(past.get(given.id), { kind: "sandbox" });
  });

  it("a run uses the sandbox that was named and no other, however alike", async () => {
    const { runs, folder, sandboxes, store } = services();
    await services().write("named.sh", "echo $MODAL_SANDBOX_ID");
    const place = { target: fileTarget("named.sh"), folder, remotePath: "/workspace" };
    const create = () =>
      sandboxes.create({ spec: spec({ gpu: L4, memoryMiB: 320 }), folder }, AbortSignal.timeout(20_000));
    const [one, other] = [await create(), await create()];
    for (const { phase } of [other, one, other]) {
      const run = runs.startIn({ gpu: L4, sandboxId: phase.id }, place);
      const screen = new Screen(run);
      assert.equal(await exitCodeOf(run), 0);
      assert.equal(screen.text, `${phase.id}\n`);
    }

    await sandboxes.terminate(other.key, AbortSignal.timeout(20_000));
    const count = store.all.length;
    const late = runs.startIn({ gpu: L4, sandboxId: other.phase.id }, place);
    await assert.rejects(exitCodeOf(late), /No sandbox sb-\w+ is running/);
    assert.equal(store.all.length, count);
  });

  it("a run shares the sandbox that another run is still waiting for", async () => {
    await services().write("twice.sh", "echo hello");
    const wanted = spec({ memoryMiB: 300 });
    const both = [startOne(fileTarget("twice.sh"), wanted), startOne(fileTarget("twice.sh"), wanted)];
    for (const { run, screen } of both) {
      assert.equal(await exitCodeOf(run), 0);
      assert.match(screen.steps[0] ?? "", /^Preparing the image /);
    }
    assert.equal(new Set(both.map(({ run }) => run.sandboxKey)).size, 1);
  });

  it("a run gets a new sandbox when the run that it waited with is canceled", async () => {
    await services().write("twice.sh", "echo hello");
    const wanted = spec({ memoryMiB: 301 });
    const [first, second] = [startOne(fileTarget("twice.sh"), wanted), startOne(fileTarget("twice.sh"), wanted)];
    await first.run.stop();
    assert.equal((await first.run.finished).kind, "canceled");
    assert.equal(await exitCodeOf(second.run), 0);
  });

  it("a run passes on the exit code and calculates the cost", async () => {
    await services().write("fail.sh", "exit 3");
    const state = await startOne(fileTarget("fail.sh"), spec({ gpu: T4 })).run.finished;
    assert.ok(state.kind === "ended");
    assert.equal(state.exitCode, 3);
    assert.ok(state.dollars > 0 && state.dollars < 0.01);
  });

  it("a run passes what is typed to the program until its input ends", async () => {
    await services().write("ask.sh", 'read -r name; echo "hello $name"; cat; echo end');
    const { run, screen } = startOne(fileTarget("ask.sh"));
    await entered(run, "running");
    await run.write(Buffer.from("Ada\n"));
    await screen.shows("hello Ada");
    await run.write(Buffer.from("more\n"));
    await run.endInput();
    assert.equal(await exitCodeOf(run), 0);
    assert.equal(screen.text, "hello Ada\nmore\nend\n");
  });

  it("Ctrl+C interrupts the program of a run", async () => {
    await services().write("wait.sh", 'trap "echo interrupted; exit 9" INT; echo ready; sleep 60 & wait');
    const { run, screen } = startOne(fileTarget("wait.sh"));
    await screen.shows("ready");
    await run.interrupt();
    assert.equal(await exitCodeOf(run), 9);
    assert.match(screen.text, /interrupted/);
    const state = await run.finished;
    assert.ok(state.kind === "ended");
    assert.equal(outcomeOf(state), "interrupted");
  });

  it("a run whose sandbox the user terminates is terminated, not failed, and its record says so", async () => {
    const { sandboxes, records } = services();
    await services().write("long.sh", "echo ready; sleep 60");
    const { run, screen } = startOne(fileTarget("long.sh"), spec({ memoryMiB: 778 }));
    await screen.shows("ready");
    await sandboxes.terminate(run.sandboxKey ?? "", AbortSignal.timeout(10_000));
    const state = await run.finished;
    assert.ok(state.kind === "ended", JSON.stringify(state));
    assert.equal(outcomeOf(state), "terminated");
    assert.equal((await records.find(run.id))?.end?.stoppedBy, "termination");
    assert.ok(!screen.steps.some((step) => step.includes("The sandbox is gone")), screen.steps.join("\n"));
  });

  it("stopping a run ends a program that ignores it, with everything it started", async () => {
    await services().write(
      "stubborn.sh",
      'trap "" INT TERM; sh -c \'trap "" TERM; sleep 60\' & echo ready; wait; wait',
    );
    const { run, screen } = startOne(fileTarget("stubborn.sh"));
    await screen.shows("ready");
    await run.stop();
    assert.equal(await exitCodeOf(run), 137);
  });

  it("a run keeps every byte of a large output in order", async () => {
    const script = 'i=0; while [ $i -lt 100 ]; do head -c 1000000 /dev/zero | tr "\\0" "$((i % 10))"; i=$((i+1)); done';
    await services().write("flood.sh", script);
    const { run, screen } = startOne(fileTarget("flood.sh"));
    assert.equal(await exitCodeOf(run), 0);
    const expected = createHash("sha256");
    for (let i = 0; i < 100; i++) expected.update(String(i % 10).repeat(1_000_000));
    const actual = createHash("sha256");
    for (const chunk of screen.stdout) actual.update(chunk);
    assert.equal(actual.digest("hex"), expected.digest("hex"));
  });

  it("a run ends even if a child that its program left behind keeps the output open", async () => {
    await services().write("daemon.sh", "setsid sleep 30 & echo done");
    const { run, screen } = startOne(fileTarget("daemon.sh"));
    assert.equal(await exitCodeOf(run), 0);
    assert.equal(screen.text, "done\n");
  });

  it("a run can run a file outside any folder", async () => {
    const { runs } = services();
    const content = "echo loose; pwd";
    const target = targetOf("Untitled-1", launchers.shell, { kind: "loose", name: "Untitled-1.sh", content });
    const [run] = runs.start({ target, folder: undefined, remotePath: "/workspace", specs: [spec()] });
    assert.ok(run);
    const screen = new Screen(run);
    assert.equal(await exitCodeOf(run), 0);
    assert.match(screen.text, new RegExp(`^loose\\n${WORKSPACE}\\n$`));
  });

  it("a run can run a command without a file, with arguments, environment and working directory", async () => {
    await services().write("data/answer.txt", "42");
    const { run, screen } = startOne({
      label: "cat",
      program: "sh",
      argv: ["sh", "-c", 'cat "$1"; echo " $MODE $TERM"; pwd', "sh"],
      args: ["answer.txt"],
      env: { MODE: "fast", TERM: "dumb" },
      workdir: "data",
    });
    assert.equal(await exitCodeOf(run), 0);
    assert.match(screen.text, new RegExp(`^42 fast dumb\\n${WORKSPACE}/data\\n$`));
  });

  it("a run names the program that the image lacks", async () => {
    await services().write("x.foo", "");
    const launcher = { label: "Foo", argv: ["no-such-program"], program: "no-such-program", extension: "" };
    const { run, screen } = startOne(fileTarget("x.foo", launcher));
    assert.equal(await exitCodeOf(run), 127);
    assert.match(screen.steps.at(-1) ?? "", /The image may lack no-such-program/);
  });

  it("a run fails with an error when its sandbox ends, and the next run gets another sandbox", async () => {
    const { gateway, store } = services();
    await services().write("long.sh", "echo ready; sleep 60");
    const { run, screen } = startOne(fileTarget("long.sh"), spec({ memoryMiB: 777 }));
    await screen.shows("ready");
    const sandbox = store.get(run.sandboxKey ?? "");
    assert.ok(sandbox?.phase.kind === "running");
    await gateway.terminate(sandbox.phase.id, AbortSignal.timeout(10_000));
    const state = await run.finished;
    assert.ok(
      (state.kind === "failed" &&
        state.error instanceof UserError &&
        state.error.message.includes("sandbox is gone")) ||
        (state.kind === "ended" && state.exitCode === 137),
      JSON.stringify(state),
    );

    await services().write("long.sh", "echo again");
    const next = startOne(fileTarget("long.sh"), spec({ memoryMiB: 777 }));
    assert.equal(await exitCodeOf(next.run), 0);
    assert.notEqual(next.run.sandboxKey, run.sandboxKey);
  });

  it("a run fails immediately with an error when the local backend dies, and the next run starts it again", async () => {
    await services().write("forever.sh", "echo ready; sleep 60");
    const { run, screen } = startOne(fileTarget("forever.sh"));
    await screen.shows("ready");
    // Without isolation the sandbox's own processes have paths below the state folder in their command lines.
    const backends = await processesWith(`--state\0${services().stateDir}`);
    assert.equal(backends.length, 1);
    for (const pid of backends) process.kill(pid, "SIGKILL");
    const killedAt = performance.now();
    await assert.rejects(exitCodeOf(run), /The local backend stopped unexpectedly/);
    assert.ok(performance.now() - killedAt < 20_000, "the run waited for the SDK to give up");

    await services().write("forever.sh", "echo again");
    const next = startOne(fileTarget("forever.sh"));
    assert.equal(await exitCodeOf(next.run), 0);
    assert.equal(next.screen.text, "again\n");
  });

  it("a run fails with an error when the image does not exist", async () => {
    await services().write("image.sh", "true");
    const state = await startOne(fileTarget("image.sh"), spec({ image: registryImage("does-not-exist:latest") })).run
      .finished;
    assert.ok(state.kind === "failed" && state.error instanceof UserError);
    assert.match(state.error.message, /image cannot be built: FROM does-not-exist:latest failed: .*was not found/);
  });
});

async function entered(run: Run, kind: RunState["kind"]): Promise<void> {
  if (run.state.kind === kind) return;
  await new Promise<void>((resolve) => {
    run.onDidChangeState((state) => {
      if (state.kind === kind) resolve();
    });
  });
}

describe("runs that wait for each other", function () {
  this.timeout(60_000);
  const services = useServices({ runsConcurrently: false });

  it("take turns on a sandbox, and can be canceled while they wait", async () => {
    await services().write("turn.sh", "date +%s%N; sleep 0.3; date +%s%N");
    const { runs, folder } = services();
    const request = { target: fileTarget("turn.sh"), folder, remotePath: "/workspace", specs: [spec()] };
    const started = [0, 1, 2].flatMap(() => runs.start(request)).map((run) => ({ run, screen: new Screen(run) }));
    const [first, second, third] = started;
    assert.ok(first && second && third);
    await entered(second.run, "preparing");
    await first.screen.shows("\n");
    await second.run.stop();
    assert.equal((await second.run.finished).kind, "canceled");
    assert.equal(await exitCodeOf(third.run), 0);
    const [, firstEnd = 0] = first.screen.text.split("\n").map(Number);
    const [thirdBegin = 0] = third.screen.text.split("\n").map(Number);
    assert.ok(firstEnd < thirdBegin);
    assert.ok(third.screen.steps.includes("Waiting for turn.sh to finish"));
  });
});

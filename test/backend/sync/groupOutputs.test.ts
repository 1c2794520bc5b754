import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import type { ArgumentSet } from "../../../src/run/target/argumentSets";
import { launchers } from "../../../src/run/target/launchers";
import { listRates } from "../../../src/modal/rates";
import type { Run } from "../../../src/run/run";
import type { Sweep } from "../../../src/run/sweep/sweep";
import { SweepRecords } from "../../../src/run/sweep/sweepRecords";
import { SweepService } from "../../../src/run/sweep/sweepService";
import { EnvVault } from "../../../src/sandboxes/ownership/envVault";
import { memento, secretStore, silentLog } from "../../unit/support/fakes";
import { exitCodeOf, fileTarget, L4, Screen, spec, T4, useServices, type Services } from "../support/services";

const outputsOf = (run: Run): string => {
  assert.ok(run.outputs);
  return join(run.outputs.folder, run.outputs.path);
};

const runsOf = (sweep: Sweep<Run>): Run[] => sweep.entries.flatMap(({ run }) => (run ? [run] : []));

const summaryOf = (run: Run) =>
  JSON.parse(readFileSync(join(outputsOf(run), "run.json"), "utf8")) as Record<string, unknown>;

function start(services: Services, file: string, ...specs: ReturnType<typeof spec>[]): Run[] {
  const { runs, folder } = services;
  return runs.start({ target: fileTarget(file), folder, remotePath: "/workspace", specs, isBackground: true });
}

function sweep(services: Services, file: string, sets: readonly ArgumentSet[], parallel = 1): Sweep<Run> {
  const { folder } = services;
  const vault = new EnvVault(secretStore(), silentLog);
  const options = {
    ...services,
    rates: { current: listRates },
    log: silentLog,
    offerOther: () => Promise.resolve(undefined),
    sweeps: new SweepRecords(memento(), vault, silentLog),
    closing: new AbortController().signal,
  };
  const limits = { parallel, dollars: undefined };
  const plan = { target: fileTarget(file), folder, remotePath: "/workspace", gpu: undefined, limits };
  return new SweepService(options).start(plan, spec(), sets);
}

describe("the outputs of runs that belong together", function () {
  this.timeout(120_000);
  const services = useServices();

  it("are pulled into a folder for each GPU, byte for byte, and leave the synced folder as it is", async () => {
    const { folder } = services();
    await services().write(
      "train.sh",
      `mkdir -p out
head -c 300000 /dev/urandom >out/model.bin; sha256sum <out/model.bin
echo "{\\"gpu\\": \\"$MODAL_SANDBOXES_GPU\\"}" >out/metrics.json
echo changed >data.txt
echo "metric: loss=0.25"
exit 3`,
    );
    await services().write("data.txt", "as it was\n");
    const runs = start(services(), "train.sh", spec({ gpu: T4 }), spec({ gpu: L4 }));
    assert.deepEqual(await Promise.all(runs.map(exitCodeOf)), [3, 3]);

    for (const [index, gpu] of ["T4", "L4"].entries()) {
      const run = runs[index];
      assert.ok(run?.outputs);
      assert.match(run.outputs.path, new RegExp(`^runs/train\\.sh-\\d{4}-\\d\\d-\\d\\d-\\d{4}/${gpu}$`));
      assert.equal(readFileSync(join(outputsOf(run), "out/metrics.json"), "utf8"), `{"gpu": "${gpu}"}\n`);
      assert.equal(readFileSync(join(outputsOf(run), "data.txt"), "utf8"), "changed\n");
      const model = readFileSync(join(outputsOf(run), "out/model.bin"));
      assert.equal(model.length, 300_000);
      assert.ok((await outputOf(run)).startsWith(createHash("sha256").update(model).digest("hex")));
      const { exitCode, arguments: args, gpu: named, values, dollars, seconds, runId } = summaryOf(run);
      assert.deepEqual([exitCode, args, named, values, runId], [3, [], gpu, { loss: 0.25 }, run.id]);
      assert.ok(Number(dollars) > 0 && Number(seconds) > 0);
    }
    assert.ok(!existsSync(join(folder, "out")));
    assert.equal(readFileSync(join(folder, "data.txt"), "utf8"), "as it was\n");

    const [alone] = start(services(), "train.sh", spec({ gpu: T4 }));
    assert.ok(alone);
    await alone.finished;
    assert.equal(alone.outputs, undefined);
    assert.equal(readFileSync(join(folder, "out/metrics.json"), "utf8"), '{"gpu": "T4"}\n');
  });

  it("get a separate folder even if another group of the same file started in the same minute", async () => {
    await services().write("twice.sh", 'echo "$MODAL_SANDBOXES_RUN_ID" >out.txt');
    const groups = [0, 1].map(() => start(services(), "twice.sh", spec({ gpu: T4 }), spec({ gpu: T4 })));
    const runs = groups.flat();
    assert.deepEqual(await Promise.all(runs.map(exitCodeOf)), [0, 0, 0, 0]);
    assert.equal(new Set(runs.map(outputsOf)).size, 4);
    for (const run of runs) assert.equal(readFileSync(join(outputsOf(run), "out.txt"), "utf8"), `${run.id}\n`);
    assert.equal(new Set(runs.map(({ sandboxKey }) => sandboxKey)).size, 1);
    for (const group of groups)
      assert.deepEqual(group.map(({ outputs }) => outputs?.path.split("/")[2]).sort(), ["T4", "T4-2"]);
  });

  it("are hidden from the next set of a sweep, which starts from the folder as it was pushed", async () => {
    const { folder } = services();
    await services().write("conf.json", "{}");
    await services().write("gone.txt", "still here");
    await services().write(".gitignore", "cache/\nlogs/\n");
    await services().write(
      "set.sh",
      `set -e
test ! -e results && test "$(cat conf.json)" = "{}" && test -e gone.txt
test -z "$(ls "$MODAL_SANDBOXES_OUTPUT_DIR")"
mkdir -p cache results/deep && echo "$1" >>cache/seen
echo "$1" >results/metrics.json
echo "$1" >results/deep/x
echo "set $1" >"$MODAL_SANDBOXES_OUTPUT_DIR/model"
echo "{\\"set\\": $1}" >conf.json
rm gone.txt
cat cache/seen`,
    );
    const started = sweep(services(), "set.sh", [["1"], ["2"], ["3"]]);
    await started.finished;
    const runs = runsOf(started);
    assert.deepEqual(await Promise.all(runs.map(exitCodeOf)), [0, 0, 0]);
    assert.equal(new Set(runs.map(({ sandboxKey }) => sandboxKey)).size, 1);
    for (const [index, run] of runs.entries()) {
      const word = String(index + 1);
      assert.equal(run.outputs?.path.split("/")[2], word);
      for (const path of ["results/metrics.json", "results/deep/x"])
        assert.equal(readFileSync(join(outputsOf(run), path), "utf8"), `${word}\n`);
      assert.equal(readFileSync(join(outputsOf(run), "modal-outputs/model"), "utf8"), `set ${word}\n`);
      assert.equal(readFileSync(join(outputsOf(run), "conf.json"), "utf8"), `{"set": ${word}}\n`);
      assert.deepEqual(summaryOf(run).arguments, [word]);
      assert.equal(summaryOf(run).setIndex, index);
    }
    // Ignored files stay, such as a downloaded data set.
    const log = await outputOf(runs[2]);
    assert.equal(log, "1\n2\n3\n");
    assert.equal(readFileSync(join(folder, "conf.json"), "utf8"), "{}");
    assert.ok(!existsSync(join(folder, "results")));
  });

  it("do not mix with those of a single run on the same sandbox", async () => {
    const { folder } = services();
    await services().write("slow.sh", "echo ready; read -r line; echo group >shared.txt; echo group >from-group.txt");
    await services().write("quick.sh", "test ! -e from-group.txt || rm from-group.txt; echo single >from-single.txt");
    const { runs } = services();
    const request = { target: fileTarget("slow.sh"), folder, remotePath: "/workspace" };
    const group = runs.start({ ...request, specs: [spec({ gpu: T4 }), spec({ gpu: L4 })] });
    const screens = group.map((run) => new Screen(run));
    await Promise.all(screens.map((screen) => screen.shows("ready")));
    const [single] = start(services(), "quick.sh", spec({ gpu: T4 }));
    assert.ok(single);
    const waits = new Screen(single);
    await Promise.all(group.map((run) => run.write(Buffer.from("go\n"))));
    assert.deepEqual(await Promise.all([...group, single].map(exitCodeOf)), [0, 0, 0]);
    assert.ok(waits.steps.includes("Waiting for slow.sh to finish so that outputs don't mix"), waits.steps.join("\n"));
    for (const run of group) {
      const names = readdirSync(outputsOf(run)).sort();
      assert.deepEqual(names, ["from-group.txt", "run.json", "shared.txt"]);
    }
    assert.ok(existsSync(join(folder, "from-single.txt")));
    assert.ok(!existsSync(join(folder, "shared.txt")));
  });

  it("keep their own run.json, and no run.json of ours and no name contains secret arguments", async () => {
    await services().write("own.sh", "echo mine >run.json");
    const started = sweep(services(), "own.sh", [
      ["--api-key", "hunter2hunter2"],
      ["--lr", "0.1"],
    ]);
    await started.finished;
    const [secret, plain] = runsOf(started);
    assert.ok(secret && plain);
    assert.deepEqual(
      [secret, plain].map(({ outputs }) => outputs?.path.split("/")[2]),
      ["set-0", "lr=0.1"],
    );
    for (const run of [secret, plain]) {
      assert.equal(readFileSync(join(outputsOf(run), "run.json"), "utf8"), "mine\n");
      assert.ok(!readFileSync(join(outputsOf(run), "modal-run.json"), "utf8").includes("hunter2"));
    }
  });

  it("do not replace what the user changed during the push without a question", async () => {
    const { folder, thread } = services();
    await services().write("edited.sh", "echo of the run >edited.txt");
    await services().write("edited.txt", "as it was");
    const runs = start(services(), "edited.sh", spec({ gpu: T4 }), spec({ gpu: L4 }));
    const [run] = runs;
    assert.ok(run);
    const steps: string[] = [];
    run.onDidChangeState((state) => {
      if (state.kind !== "preparing") return;
      // The push has finished, and the program has not started yet.
      if (steps.at(-1) === "Syncing the folder") writeFileSync(join(folder, "edited.txt"), "of the user");
      steps.push(state.step);
    });
    await Promise.all(runs.map(exitCodeOf));
    const { outputs } = run;
    assert.ok(outputs);
    const request = { root: folder, outputs: outputs.path, runId: run.id, startedAt: outputs.pushedAt };
    const { changed } = await thread.use((worker) => worker.call("keepOutputs", { ...request, choice: "ask" }));
    assert.deepEqual(changed, ["edited.txt"]);
  });

  it("are pulled when the run is stopped, as for any run", async () => {
    await services().write("stopped.sh", "echo part >part.txt; echo ready; sleep 60");
    const { runs, folder } = services();
    const request = { target: fileTarget("stopped.sh"), folder, remotePath: "/workspace" };
    const group = runs.start({ ...request, specs: [spec({ gpu: T4 }), spec({ gpu: L4 })] });
    await Promise.all(group.map((run) => new Screen(run).shows("ready")));
    await Promise.all(group.map((run) => run.stop()));
    await Promise.all(group.map(({ finished }) => finished));
    for (const run of group) assert.equal(readFileSync(join(outputsOf(run), "part.txt"), "utf8"), "part\n");
  });

  it("stay in the sandbox, which a sweep then does not end, if the pull fails", async () => {
    await services().write("fails.sh", "echo made >made.txt; echo ready; read -r line");
    const started = sweep(services(), "fails.sh", [["1"], ["2"]], 2);
    const screens = runsOf(started).map((run) => new Screen(run));
    await Promise.all(screens.map((screen) => screen.shows("ready")));
    const [fails, works] = runsOf(started);
    assert.ok(fails && works);
    // A file is in the way of the folder for the outputs.
    await writeFile(outputsOf(fails), "in the way");
    for (const run of [fails, works]) await run.write(Buffer.from("go\n"));
    await started.finished;
    assert.deepEqual(await Promise.all([fails, works].map(exitCodeOf)), [0, 0]);
    const sandbox = services().store.get(fails.sandboxKey ?? "");
    assert.ok(sandbox?.phase.kind === "running", "the sandbox with the outputs still runs");
    assert.notEqual(services().store.get(works.sandboxKey ?? "")?.phase.kind, "running");
    assert.ok(
      screens[0]?.steps.includes(
        "The sandbox keeps running until its idle limit, because some outputs of this run may be only there",
      ),
      screens[0]?.steps.join("\n"),
    );
    const record = await services().records.find(fails.id);
    assert.ok(record?.end?.isPullFailed);
    // A sweep that is continued in another window must keep it too.
    assert.ok(services().runs.past(record).holdsOutputs);
    await services().sandboxes.terminate(sandbox.key, AbortSignal.timeout(20_000));
  });

  it("have a folder to be pulled into before a sandbox costs anything", async () => {
    const { runs, store, gateway, folder } = services();
    await services().write("elsewhere/any.sh", "echo");
    await services().write("elsewhere/runs", "a file");
    const [seen, listed] = [store.all.length, await gateway.list(AbortSignal.timeout(20_000))];
    const request = { target: fileTarget("any.sh"), folder: join(folder, "elsewhere"), remotePath: "/workspace" };
    const group = runs.start({ ...request, specs: [spec({ gpu: T4 }), spec({ gpu: L4 })], isBackground: true });
    for (const run of group) await assert.rejects(exitCodeOf(run), /The folder for the outputs can't be created/);
    assert.equal(store.all.length, seen);
    assert.equal((await gateway.list(AbortSignal.timeout(20_000))).length, listed.length);
  });

  it("are not mistaken for those of a later single run on the same sandbox if their pull fails", async () => {
    const { folder, runs } = services();
    await services().write("data.txt", "as it was\n");
    await services().write("left.sh", "echo group >left.txt; echo group >data.txt; echo ready; read -r line");
    await services().write("later.sh", "cat data.txt; echo single >later.txt; test ! -e left.txt");
    const request = { target: fileTarget("left.sh"), folder, remotePath: "/workspace" };
    const group = runs.start({ ...request, specs: [spec({ gpu: T4 }), spec({ gpu: L4 })] });
    await Promise.all(group.map((run) => new Screen(run).shows("ready")));
    const [fails] = group;
    assert.ok(fails);
    await writeFile(outputsOf(fails), "in the way");
    await Promise.all(group.map((run) => run.write(Buffer.from("go\n"))));
    await Promise.all(group.map(exitCodeOf));
    assert.ok(fails.isPullFailed);

    const [single] = start(services(), "later.sh", spec({ gpu: T4 }));
    assert.ok(single);
    const screen = new Screen(single);
    assert.equal(await exitCodeOf(single), 0);
    assert.equal(single.sandboxKey, fails.sandboxKey);
    assert.equal(screen.text, "as it was\n");
    assert.ok(!existsSync(join(folder, "left.txt")));
    assert.equal(readFileSync(join(folder, "data.txt"), "utf8"), "as it was\n");
    assert.equal(readFileSync(join(folder, "later.txt"), "utf8"), "single\n");
    assert.match(
      screen.steps.join("\n"),
      /^Outputs of an earlier run that weren't pulled are now in \/\S+ in the sandbox$/m,
    );
  });

  it("stay in the sandbox, which a sweep then does not end, if they are too big to pull", async () => {
    await services().write("big.sh", "test ! -e big.bin && head -c 30000000 /dev/zero >big.bin");
    const started = sweep(services(), "big.sh", [["1"], ["2"]]);
    await started.finished;
    const runs = runsOf(started);
    assert.deepEqual(await Promise.all(runs.map(exitCodeOf)), [0, 0]);
    assert.deepEqual(
      runs.map(({ leftCount }) => leftCount),
      [1, 1],
    );
    const sandbox = services().store.get(runs[0]?.sandboxKey ?? "");
    assert.ok(sandbox?.phase.kind === "running");
    const list = await services().exec.exec(
      sandbox.phase.id,
      ["sh", "-c", "find /workspace /tmp/.modal-sandboxes/kept -name big.bin | wc -l"],
      {},
      AbortSignal.timeout(10_000),
    );
    const text: Uint8Array[] = [];
    for await (const chunk of list.stdout) text.push(chunk);
    assert.equal(Buffer.concat(text).toString().trim(), "2");
    await services().sandboxes.terminate(sandbox.key, AbortSignal.timeout(20_000));
  });
});

async function outputOf(run: Run | undefined): Promise<string> {
  assert.ok(run);
  const chunks: Uint8Array[] = [];
  for await (const chunk of run.log.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("the outputs of runs that share a folder", function () {
  this.timeout(120_000);
  const services = useServices({ sharesOutputs: true });

  it("are there for the next set, and each set pulls its own", async () => {
    await services().write("chain.sh", 'cat before 2>/dev/null; echo "$1" >"made-$1"; echo "$1" >>before');
    const started = sweep(services(), "chain.sh", [["1"], ["2"], ["3"]]);
    await started.finished;
    const [one, , three] = runsOf(started);
    assert.ok(one && three);
    assert.equal(await outputOf(three), "1\n2\n");
    assert.deepEqual(readdirSync(outputsOf(three)).sort(), ["before", "made-3", "run.json"]);
    assert.equal(readFileSync(join(outputsOf(one), "before"), "utf8"), "1\n");
  });
});

describe("the variables that a program gets about its run", function () {
  this.timeout(120_000);
  const services = useServices();
  const PRINT = `for name in RUN_ID GROUP_ID GPU SET_INDEX OUTPUT_DIR; do
  eval "echo \\"$name=\\\${MODAL_SANDBOXES_$name-unset}\\""
done
test -d "$MODAL_SANDBOXES_OUTPUT_DIR" && echo dir; echo out >"$MODAL_SANDBOXES_OUTPUT_DIR/file"`;

  it("are its ids, its GPU and a folder whose files are pulled, whatever the user sets", async () => {
    const { runs, folder } = services();
    await services().write("print.sh", PRINT);
    await services().write(".gitignore", "modal-outputs/\n");
    const target = {
      ...fileTarget("print.sh"),
      env: { MODAL_SANDBOXES_GPU: "mine", MODAL_SANDBOXES_OUTPUT_DIR: "/x" },
    };
    const request = { target, folder, remotePath: "/workspace", isBackground: true };
    const [run] = runs.start({ ...request, specs: [spec({ gpu: { type: "T4", count: 2 } })] });
    assert.ok(run);
    assert.equal(await exitCodeOf(run), 0);
    const lines = `RUN_ID=${run.id}\nGROUP_ID=${run.group}\nGPU=T4:2\nSET_INDEX=unset\nOUTPUT_DIR=/workspace/modal-outputs\ndir\n`;
    assert.equal(await outputOf(run), lines);
    assert.equal(readFileSync(join(folder, "modal-outputs/file"), "utf8"), "out\n");
  });

  it("name the argument set in a sweep, and the same group for all sets", async () => {
    await services().write("print.sh", PRINT);
    const started = sweep(services(), "print.sh", [["a"], ["b"]], 2);
    await started.finished;
    const texts = await Promise.all(runsOf(started).map(outputOf));
    assert.deepEqual(
      texts.map((text) => /SET_INDEX=(.*)/.exec(text)?.[1]),
      ["0", "1"],
    );
    assert.equal(new Set(texts.map((text) => /GROUP_ID=(.*)/.exec(text)?.[1])).size, 1);
    assert.deepEqual(
      texts.map((text) => /GPU=(.*)/.exec(text)?.[1]),
      ["CPU", "CPU"],
    );
  });

  it("are the same for a Python program", async () => {
    const { runs, folder } = services();
    await services().write("env.py", "import os\nprint(os.path.isdir(os.environ['MODAL_SANDBOXES_OUTPUT_DIR']))\n");
    const target = fileTarget("env.py", launchers.python);
    const [run] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()], isBackground: true });
    assert.ok(run);
    assert.equal(await exitCodeOf(run), 0);
    assert.equal(await outputOf(run), "True\n");
  });
});

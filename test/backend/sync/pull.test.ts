import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { delay } from "../../../src/base/async";
import { isAbort, messageOf } from "../../../src/base/errors";
import type { ImageRecipe } from "../../../src/modal/spec";
import { isRunning, type RunningSandbox } from "../../../src/sandboxes/sandbox";
import { skip } from "../../support/skip";
import { exitCodeOf, fileTarget, Screen, spec, T4, useServices } from "../support/services";

const CPU = undefined;

/** A folder that is pulled only on request. */
const LEFT_OUT = "node_modules";

/** A scan does not trust a file's times until this long after a change. */
const TICK_MS = 50;

describe("a pull after a run", function () {
  this.timeout(60_000);
  const services = useServices();
  const here = (path: string) => join(services().folder, path);
  const read = (path: string) => readFileSync(here(path), "utf8");

  async function run(script: string, gpu: typeof T4 | undefined = CPU, name = "main.sh") {
    await services().write(name, script);
    const { runs, folder } = services();
    const [only] = runs.start({ target: fileTarget(name), folder, remotePath: "/workspace", specs: [spec({ gpu })] });
    assert.ok(only);
    const screen = new Screen(only);
    return { run: only, screen, exitCode: await exitCodeOf(only) };
  }

  const sandboxOf = (key: string | undefined): RunningSandbox => {
    const sandbox = services().store.get(key ?? "");
    assert.ok(sandbox && isRunning(sandbox));
    return sandbox;
  };

  for (const gpu of [T4, CPU])
    it(`pulls what the program made and changed, and reports it last (${gpu ? "GPU" : "CPU"})`, async () => {
      const [state, made] = gpu ? ["state-gpu", "gpu/out"] : ["state", "out"];
      await services().write(`${state}.txt`, "old");
      const script = `mkdir -p ${made} && echo made >${made}/a.txt && printf new >${state}.txt; echo x >.env; exit 3`;
      const { screen, exitCode } = await run(script, gpu);
      assert.equal(exitCode, 3);
      assert.equal(screen.steps.at(-1), "Pulled 2 files, 8 B");
      assert.equal(read(`${made}/a.txt`), "made\n");
      assert.equal(read(`${state}.txt`), "new");
      assert.ok(!existsSync(here(".env")));
    });

  it("pulls only those of the image's files in the folder that the program changed", async function () {
    await services().write("change.sh", "echo changed >/app/lib/b.txt");
    const { runs, folder } = services();
    const image: ImageRecipe = {
      label: "with files",
      layers: [
        { title: "FROM debian", commands: ["FROM debian"] },
        { title: "RUN", commands: ["RUN mkdir -p /app/lib && cd /app/lib && echo a >a.txt && echo b >b.txt"] },
      ],
    };
    const target = fileTarget("change.sh");
    const [only] = runs.start({ target, folder, remotePath: "/app", specs: [spec({ image })] });
    assert.ok(only);
    const screen = new Screen(only);
    const state = await only.finished;
    if (state.kind === "failed" && messageOf(state.error).includes("cannot RUN commands on this machine"))
      skip(this, "by design: in directory mode sandboxes are plain processes");
    assert.equal(await exitCodeOf(only), 0);
    assert.equal(screen.steps.at(-1), "Pulled 1 file, 8 B");
    assert.equal(read("lib/b.txt"), "changed\n");
    assert.deepEqual(readdirSync(here("lib")), ["b.txt"]);
  });

  it("pulls everything only once, and a push returns none of it", async () => {
    await delay(TICK_MS);
    const first = await run("echo 1 >once.txt");
    assert.match(first.screen.steps.at(-1) ?? "", /^Pulled 1 file/);
    await delay(TICK_MS);
    const second = await run("cat once.txt");
    assert.equal(second.screen.text, "1\n");
    assert.ok(!second.screen.steps.some((step) => step.startsWith("Pulled")));
    assert.ok(
      second.screen.steps.some((step) => step.startsWith("Synced 1 file,")),
      second.screen.steps.join("\n"),
    );
  });

  it("keeps both versions of a file that was changed here while the program ran", async () => {
    await services().write("both.txt", "old");
    await services().write("slow.sh", "echo ready; read -r line; echo theirs >both.txt");
    const { runs, folder } = services();
    const target = fileTarget("slow.sh");
    const [only] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
    assert.ok(only);
    const screen = new Screen(only);
    await screen.shows("ready");
    writeFileSync(here("both.txt"), "mine");
    await only.write(Buffer.from("go\n"));
    await only.finished;

    assert.equal(read("both.txt"), "mine");
    assert.equal(read("both (sandbox copy from CPU).txt"), "theirs\n");
    assert.deepEqual(services().conflicts, [{ path: "both.txt", copy: "both (sandbox copy from CPU).txt" }]);
    assert.match(screen.steps.at(-1) ?? "", /you and the run on CPU both changed both\.txt \(both versions kept\)$/);

    const again = await run("cat both.txt; ls", CPU, "cat.sh");
    assert.match(again.screen.text, /^mine/);
    assert.ok(!again.screen.text.includes("sandbox copy"));
    assert.equal(read("both.txt"), "mine");
  });

  it("leaves files above the size limit in the sandbox unless the user agrees", async () => {
    const { screen } = await run("head -c 30000000 /dev/zero >big.bin; echo small >small.txt");
    assert.equal(read("small.txt"), "small\n");
    assert.ok(!existsSync(here("big.bin")));
    assert.match(screen.steps.at(-1) ?? "", /1 not pulled \(see the log\)/);
  });

  it("downloads a big file and a folder on request, byte for byte", async () => {
    const { run: done } = await run(`mkdir -p ${LEFT_OUT}/deep; head -c 60000000 /dev/urandom >${LEFT_OUT}/deep/r`);
    const { id } = sandboxOf(done.sandboxKey).phase;
    const { puller, exec } = services();
    const root = here("downloads");
    await services().write("downloads/keep", "x");
    const seen: number[] = [];
    const result = await puller.download({
      root,
      remotePath: `/workspace/${LEFT_OUT}`,
      path: "deep",
      exec: (argv) => exec.exec(id, argv, {}, new AbortController().signal),
      onProgress: ({ bytes }) => seen.push(bytes),
      signal: new AbortController().signal,
    });
    assert.deepEqual([result.files, result.bytes, seen.at(-1)], [1, 60_000_000, 60_000_000]);
    const { screen } = await run(`cksum <${LEFT_OUT}/deep/r; cksum <downloads/deep/r`, CPU, "sum.sh");
    const [there, back] = screen.text.trim().split("\n");
    assert.equal(there, back);
  });

  it("stops on both sides before its end when a download is canceled, and leaves no partial file", async () => {
    const { run: done } = await run(
      `mkdir -p ${LEFT_OUT}/many; cd ${LEFT_OUT}/many; for i in 1 2 3 4 5 6 7 8; do head -c 40000000 /dev/urandom >f$i; done`,
    );
    const { id } = sandboxOf(done.sandboxKey).phase;
    const { puller, exec } = services();
    await services().write("cancelled/.keep", "");
    const abort = new AbortController();
    const work = puller.download({
      root: here("cancelled"),
      remotePath: `/workspace/${LEFT_OUT}`,
      path: "many",
      exec: (argv) => exec.exec(id, argv, {}, new AbortController().signal),
      onProgress: ({ files }) => {
        if (files >= 1) abort.abort();
      },
      signal: abort.signal,
    });
    await assert.rejects(work, isAbort);
    const arrived = readdirSync(here("cancelled/many"));
    assert.ok(arrived.length < 8, "the download continued to its end");
    for (const name of arrived) assert.equal(readFileSync(join(here("cancelled/many"), name)).length, 40_000_000);
    const wait = "for i in $(seq 100); do pidof tar >/dev/null || { echo gone; exit; }; sleep 0.1; done; echo there";
    const { screen } = await run(`command -v pidof >/dev/null || { echo gone; exit; }; ${wait}`, CPU, "wait.sh");
    assert.equal(screen.text, "gone\n");
  });

  it("pulls a rewritten file with the old size and time, even if another push came between", async () => {
    await services().write("unseen.txt", "1");
    await delay(TICK_MS);
    const unseen = "touch -r unseen.txt /tmp/stamp; printf 2 >unseen.txt; touch -r /tmp/stamp unseen.txt";
    await services().write("unseen.sh", `${unseen}; echo ready; read -r line`);
    const { runs, folder } = services();
    const target = fileTarget("unseen.sh");
    const [only] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
    assert.ok(only);
    const screen = new Screen(only);
    await screen.shows("ready");
    await services().write("another.txt", "made here meanwhile");

    await run("cat another.txt", CPU, "another.sh");
    assert.equal(read("unseen.txt"), "2");
    await only.write(Buffer.from("go\n"));
    await only.finished;
  });
});

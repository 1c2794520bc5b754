import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { DisposableStore } from "../../../src/base/disposable";
import { collect, type RemoteProcess } from "../../../src/modal/exec";
import { MetricService } from "../../../src/sandboxes/metrics/metricService";
import type { MetricSample } from "../../../src/sandboxes/metrics/metrics";
import type { RunningSandbox } from "../../../src/sandboxes/sandbox";
import { silentLog } from "../../unit/support/fakes";
import { spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(30_000);

/** A tool that says what a T4 at work would, and how often it was asked. */
const NVIDIA_SMI = `mkdir -p /tmp/tools && cat >/tmp/tools/nvidia-smi <<'END'
#!/bin/sh
echo "0, 87, 12595, 15360, 61, 48.12"
END
chmod +x /tmp/tools/nvidia-smi`;

const PATH = "/tmp/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

describe("the meters of a sandbox", function () {
  this.timeout(90_000);
  const services = useServices();
  let own: DisposableStore;
  beforeEach(() => {
    own = new DisposableStore();
  });
  afterEach(() => own.dispose());

  const arrange = async ({ idleTimeoutMs = 300_000, isBusy = false, intervalMs = 50 } = {}) => {
    const { sandboxes, store, exec, clock } = services();
    const wanted = spec({ gpu: T4, idleTimeoutMs, env: { PATH } });
    const sandbox = await sandboxes.create({ spec: wanted, folder: "/some/folder" }, soon());
    const state = { isBusy };
    const processes: RemoteProcess[] = [];
    const counting: Pick<typeof exec, "exec"> = {
      exec: async (...args) => {
        const process = await exec.exec(...args);
        processes.push(process);
        return process;
      },
    };
    const told: string[] = [];
    const log = { ...silentLog, info: (line: string) => told.push(line) };
    const metrics = new MetricService({
      exec: counting,
      store,
      clock,
      log,
      intervalMs,
      isBusy: () => state.isBusy,
    });
    return { sandbox, metrics, processes, state, told };
  };

  const shell = async ({ phase }: RunningSandbox, script: string, ...words: string[]) =>
    collect(await services().exec.exec(phase.id, ["sh", "-c", script, ...words], {}, soon()));

  /** Settles once the condition holds, which is looked at after each sample. */
  const until = (metrics: MetricService, holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return;
        listening.dispose();
        resolve();
      };
      const listening = metrics.onDidChangeMetrics(look);
      look();
    });

  const isMeasured = ({ cpuCores, gpus }: MetricSample) => cpuCores !== undefined && gpus !== undefined;

  it("show its GPUs, CPU, memory, disk and network", async () => {
    const { sandbox, metrics } = await arrange({ isBusy: true });
    await shell(sandbox, NVIDIA_SMI);
    const burning = await services().exec.exec(sandbox.phase.id, ["sh", "-c", "while :; do :; done"], {}, soon());
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => metrics.of(sandbox.key).some(({ cpuCores = 0 }) => cpuCores > 0.2));
    const sample = metrics.of(sandbox.key).find(isMeasured);
    assert.ok(sample?.memory && sample.disk && sample.network);
    assert.deepEqual(sample.gpus, [
      {
        index: 0,
        utilization: 87,
        memory: { used: 12595 * 2 ** 20, total: 15360 * 2 ** 20 },
        celsius: 61,
        watts: 48.12,
      },
    ]);
    assert.ok(sample.memory.used > 0 && sample.memory.used < sample.memory.total);
    assert.ok(sample.disk.used > 0 && sample.disk.used < sample.disk.total);
    assert.deepEqual(metrics.gpuPeak(sandbox.key, 0, Infinity), { utilization: 87, memoryBytes: 12595 * 2 ** 20 });
    await services().sandboxes.terminate(sandbox.key, soon());
    await burning.exitCode.catch(() => undefined);
  });

  for (const [what, tool] of [
    ["a line without an end", "exec cat /dev/zero"],
    ["more lines than were asked for", "exec yes '==> /proc/uptime <==|1.00 1.00|'"],
  ] as const)
    it(`end if the sandbox's tools print ${what}`, async () => {
      const { sandbox, metrics } = await arrange();
      await shell(
        sandbox,
        `mkdir -p /tmp/tools; printf '%s\\n' '#!/bin/sh' "$0" >/tmp/tools/tr; chmod +x /tmp/tools/tr`,
        tool,
      );
      let samples = 0;
      own.add(metrics.onDidChangeMetrics(() => (samples += 1)));
      own.add(metrics.watch(sandbox.key));
      await until(metrics, () => !metrics.isLive(sandbox.key));
      assert.ok(samples <= 31, `${samples} samples`);
      await services().sandboxes.terminate(sandbox.key, soon());
    });

  it("take one process for all watchers, which ends with the last of them", async () => {
    const { sandbox, metrics, processes } = await arrange({ isBusy: true, intervalMs: 2000 });
    const first = metrics.watch(sandbox.key);
    const second = metrics.watch(sandbox.key);
    await until(metrics, () => metrics.of(sandbox.key).length > 0);
    first.dispose();
    first.dispose();
    assert.equal(metrics.isLive(sandbox.key), true);
    assert.equal(processes.length, 1);
    second.dispose();
    assert.equal(metrics.isLive(sandbox.key), false);
    assert.equal(await processes[0]?.exitCode, 143, "it did not run to its end");
    const { stdout } = await shell(
      sandbox,
      "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'head -n 99 /proc/uptim[e]'",
    );
    assert.equal(stdout, "0\n", "nothing of it is left");
    await services().sandboxes.terminate(sandbox.key, soon());
  });

  it("continue while a program runs, and for one more process after it ends", async () => {
    const { sandbox, metrics, processes, state } = await arrange({ isBusy: true, intervalMs: 10 });
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => processes.length === 2);
    state.isBusy = false;
    await until(metrics, () => !metrics.isLive(sandbox.key));
    assert.equal(processes.length, 2);
    const samples = metrics.of(sandbox.key);
    assert.equal(samples.length, 60);
    assert.equal(samples.filter(({ cpuCores }) => cpuCores === undefined).length, 1, "only the first has no rate");
    await services().sandboxes.terminate(sandbox.key, soon());
  });

  it("say once that a sandbox with a GPU has no nvidia-smi", async () => {
    const { sandbox, metrics, told } = await arrange({ isBusy: true, intervalMs: 10 });
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => metrics.of(sandbox.key).length > 3);
    assert.deepEqual(told, [`${sandbox.name} has no nvidia-smi, so its GPU can't be measured.`]);
    assert.equal(metrics.of(sandbox.key).at(-1)?.gpus, undefined);
    await services().sandboxes.terminate(sandbox.key, soon());
  });

  it("do not keep a sandbox from its idle limit", async () => {
    const { sandbox, metrics } = await arrange({ idleTimeoutMs: 2000, intervalMs: 10 });
    const { store, refresh } = services();
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => !metrics.isLive(sandbox.key));
    while (store.get(sandbox.key)?.phase.kind === "running") await refresh();
    const phase = store.get(sandbox.key)?.phase;
    assert.equal(phase?.kind === "ended" && phase.reason, "idle");
  });

  it("end with the sandbox, and can still be read", async () => {
    const { sandbox, metrics } = await arrange({ isBusy: true, intervalMs: 100 });
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => metrics.of(sandbox.key).length > 1);
    await services().sandboxes.terminate(sandbox.key, soon());
    assert.equal(metrics.isLive(sandbox.key), false);
    assert.ok(metrics.of(sandbox.key).length > 1);
    own.add(metrics.watch(sandbox.key));
    await until(metrics, () => !metrics.isLive(sandbox.key));
  });

  it("show how busy its GPU is without watchers, and nothing if there is no tool", async () => {
    const { sandbox, metrics } = await arrange();
    assert.equal(await metrics.gpuUtilization(sandbox), undefined);
    await shell(sandbox, NVIDIA_SMI);
    assert.equal(await metrics.gpuUtilization(sandbox), 87);
    await services().sandboxes.terminate(sandbox.key, soon());
    assert.equal(await metrics.gpuUtilization(sandbox), undefined);
  });
});

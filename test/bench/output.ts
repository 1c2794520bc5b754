import { launchers, type RunTarget } from "../../src/run/target";
import { OutputText } from "../../src/ui/terminals/outputText";
import { TerminalWriter } from "../../src/ui/terminals/terminalWriter";
import { spec, startServices, type Services } from "../backend/support/services";
import { median, type Row } from "./table";

const MB = 1_000_000;
const SIZE = 100 * MB;
const ROUNDS = 5;
const LINE = "step 1234 loss 0.4321 accuracy 0.9876 learning rate 0.0003";
const SCRIPT = `yes '${LINE}' | head -c ${SIZE}`;
const SAMPLE_MS = 20;

/** 100 MB of a program's output through a run, up to the text that VS Code gets, against the bare SDK's loop. */
export async function benchOutput(): Promise<readonly Row[]> {
  const services = await startServices({});
  try {
    await services.write("flood.sh", SCRIPT);
    const ratios: number[] = [];
    const speeds = { ours: [] as number[], bare: [] as number[] };
    let growth = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const before = process.memoryUsage.rss();
      const ours = await throughRun(services);
      if (round > 0) growth = Math.max(growth, ours.peakRss - before);
      const bare = await throughSdk(services);
      if (round === 0) continue;
      speeds.ours.push(ours.speed);
      speeds.bare.push(bare);
      ratios.push(ours.speed / bare);
    }
    return [
      {
        what: "100 MB of output",
        result: `${median(speeds.ours).toFixed(0)} MB/s`,
        against: `bare SDK ${median(speeds.bare).toFixed(0)} MB/s`,
        ratio: median(ratios).toFixed(2),
        target: "≥ 0.8",
      },
      {
        what: "memory growth meanwhile",
        result: `${(growth / MB).toFixed(0)} MB`,
        against: "",
        ratio: "",
        target: "≤ 100 MB",
      },
    ];
  } finally {
    await services.stop();
  }
}

async function throughRun({ runs, folder }: Services): Promise<{ speed: number; peakRss: number }> {
  const target: RunTarget = {
    label: "flood.sh",
    launcher: launchers.shell,
    file: { kind: "synced", path: "flood.sh" },
  };
  const [run] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
  if (!run) throw new Error("Nothing was started.");
  const writer = new TerminalWriter();
  // A terminal that shows at once whatever it is given.
  writer.onDidWrite((text) => {
    if (text.includes("\x1b[5n")) setImmediate(() => writer.takeAnswers("\x1b[0n"));
  });
  const text = new OutputText();
  let bytes = 0;
  let firstAt = 0;
  let lastAt = 0;
  let peakRss = 0;
  const sampling = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  }, SAMPLE_MS);
  run.attach({
    size: { columns: 80, rows: 24 },
    status: () => undefined,
    write: async (chunk) => {
      if (bytes === 0) firstAt = performance.now();
      bytes += chunk.length;
      await writer.write(text.decode(chunk));
      lastAt = performance.now();
    },
  });
  const state = await run.over;
  clearInterval(sampling);
  if (state.kind !== "ended" || bytes !== SIZE) throw new Error(`${bytes} bytes came, then: ${state.kind}.`);
  return { speed: speedOf(firstAt, lastAt), peakRss };
}

async function throughSdk({ store, connection }: Services): Promise<number> {
  const [sandbox] = store.all;
  if (sandbox?.phase.kind !== "running") throw new Error("The sandbox is gone.");
  const handle = await connection.sandbox(sandbox.phase.id, AbortSignal.timeout(10_000));
  const started = await handle.exec(["sh", "-c", SCRIPT], { mode: "binary" });
  let bytes = 0;
  let firstAt = 0;
  for await (const chunk of started.stdout) {
    if (bytes === 0) firstAt = performance.now();
    bytes += chunk.length;
  }
  const lastAt = performance.now();
  await started.wait();
  if (bytes !== SIZE) throw new Error(`${bytes} bytes came.`);
  return speedOf(firstAt, lastAt);
}

/** From the first byte to the last: what a run does afterwards is not output. */
const speedOf = (firstAt: number, lastAt: number) => SIZE / MB / ((lastAt - firstAt) / 1000);

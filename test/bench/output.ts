import { OutputText } from "../../src/ui/terminals/outputText";
import { TerminalWriter } from "../../src/ui/terminals/terminalWriter";
import { fileTarget, spec, startServices, type Services } from "../backend/support/services";
import { median, type Row } from "./support/table";

const MB = 1_000_000;
const SIZE = 100 * MB;
const ROUNDS = 5;
const LINE = "step 1234 loss 0.4321 accuracy 0.9876 learning rate 0.0003";
const SCRIPT = `yes '${LINE}' | head -c ${SIZE}`;
const SAMPLE_MS = 20;

type Mode = "binary" | "text";

/**
 * 100 MB of a program's output through a run against the bare SDK's loop, like for like: the bytes that a run passes on
 * against the SDK's bytes, and the text that its terminal gives VS Code against the SDK's text.
 */
export async function benchOutput(): Promise<readonly Row[]> {
  const services = await startServices({});
  try {
    await services.write("flood.sh", SCRIPT);
    const rows = [
      await compare(services, "binary", "bytes of a run, 100 MB"),
      await compare(services, "text", "text of its terminal, 100 MB"),
    ];
    return rows.flat();
  } finally {
    await services.stop();
  }
}

async function compare(services: Services, mode: Mode, what: string): Promise<readonly Row[]> {
  const speeds: { readonly ours: number; readonly bare: number }[] = [];
  let growth = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.memoryUsage.rss();
    const { speed, peakRss } = await throughRun(services, mode);
    const bare = await throughSdk(services, mode);
    if (round === 0) continue;
    growth = Math.max(growth, peakRss - before);
    speeds.push({ ours: speed, bare });
  }
  return [
    {
      what,
      result: `${median(speeds.map(({ ours }) => ours)).toFixed(0)} MB/s`,
      against: `bare SDK ${median(speeds.map(({ bare }) => bare)).toFixed(0)} MB/s`,
      ratio: median(speeds.map(({ ours, bare }) => ours / bare)).toFixed(2),
      target: "≥ 0.8",
    },
    {
      what: "  memory growth meanwhile",
      result: `${(growth / MB).toFixed(0)} MB`,
      against: "",
      ratio: "",
      target: "≤ 100 MB",
    },
  ];
}

async function throughRun({ runs, folder }: Services, mode: Mode): Promise<{ speed: number; peakRss: number }> {
  const target = fileTarget("flood.sh");
  const [run] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
  if (!run) throw new Error("Nothing was started.");
  const show = mode === "text" ? terminal() : () => Promise.resolve();
  let bytes = 0;
  let firstAt = 0;
  let lastAt = 0;
  let peakRss = 0;
  const sampling = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  }, SAMPLE_MS);
  void run.attach({
    size: { columns: 80, rows: 24 },
    status: () => undefined,
    write: async (chunk) => {
      if (bytes === 0) firstAt = performance.now();
      bytes += chunk.length;
      await show(chunk);
      lastAt = performance.now();
    },
  });
  const state = await run.finished;
  clearInterval(sampling);
  if (state.kind !== "ended" || bytes !== SIZE) throw new Error(`${bytes} bytes came, then: ${state.kind}.`);
  return { speed: speedOf(firstAt, lastAt), peakRss };
}

/** Returns a terminal that shows everything immediately. */
function terminal(): (chunk: Uint8Array) => Promise<void> {
  const writer = new TerminalWriter();
  const text = new OutputText({ hasTerminal: false });
  writer.onDidWrite((shown) => {
    if (shown.startsWith("\x1b[5n")) setImmediate(() => writer.takeAnswers("\x1b[0n"));
  });
  return (chunk) => writer.writeAll(text.decode(chunk));
}

async function throughSdk({ store, connection }: Services, mode: Mode): Promise<number> {
  const [sandbox] = store.all;
  if (sandbox?.phase.kind !== "running") throw new Error("The sandbox is gone.");
  const handle = await connection.sandbox(sandbox.phase.id, AbortSignal.timeout(10_000));
  // The overloads of `exec` take one mode each; the output is ASCII, a character a byte.
  const command = ["sh", "-c", SCRIPT];
  const started = mode === "text" ? await handle.exec(command, { mode }) : await handle.exec(command, { mode });
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

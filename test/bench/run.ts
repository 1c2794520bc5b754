import { launchers } from "../../src/run/target/launchers";
import type { Run } from "../../src/run/run";
import { exitCodeOf, fileTarget, spec, startServices, type Services } from "../backend/support/services";
import { HostWatch } from "./support/hostWatch";
import { benchOutput } from "./output";
import { benchStart } from "./start";
import { median, ms, type Row } from "./support/table";

const ROUNDS = 3;
const LINES = 1_000_000;
const AT_ONCE = 50;
const LINE_PROGRAM = `for i in range(${LINES}):\n    print(i)\n`;
const SMALL_PROGRAM = "echo begun; sleep 1; echo ended\n";

/** From the key that starts a program to its last line, against the same by the bare SDK. */
export async function benchRun(): Promise<readonly Row[]> {
  const rows = [...(await benchStart()), ...(await benchOutput())];
  const services = await startServices({});
  try {
    await services.write("lines.py", LINE_PROGRAM);
    await services.write("small.sh", SMALL_PROGRAM);
    rows.push(
      ...(await compare(services, {
        what: `${LINES.toLocaleString("en")} short lines, unbuffered`,
        target: fileTarget("lines.py", launchers.python),
        argv: ["python3", "-u", "/workspace/lines.py"],
        count: 1,
      })),
      ...(await compare(services, {
        what: `${AT_ONCE} runs at the same time`,
        target: fileTarget("small.sh"),
        argv: ["sh", "/workspace/small.sh"],
        count: AT_ONCE,
      })),
    );
    return rows;
  } finally {
    await services.stop();
  }
}

interface Comparison {
  readonly what: string;
  readonly target: Run["target"];
  /** The same for the bare SDK. */
  readonly argv: readonly string[];
  readonly count: number;
}

async function compare(services: Services, { what, target, argv, count }: Comparison): Promise<readonly Row[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  let [growthMb, blockMs] = [0, 0];
  // The first round creates the sandbox and sends the folder.
  for (let round = 0; round <= ROUNDS; round++) {
    const watch = new HostWatch();
    const elapsed = await timed(async () => {
      const wanted = { target, folder: services.folder, remotePath: "/workspace", specs: [spec()] };
      const runs = Array.from({ length: count }, () => services.runs.start(wanted)).flat();
      for (const run of runs) void run.attach(discarding);
      for (const run of runs) if ((await exitCodeOf(run)) !== 0) throw new Error("A run failed.");
    });
    watch.stop();
    const bareElapsed = await timed(() => throughSdk(services, argv, count));
    if (round === 0) continue;
    ours.push(elapsed);
    bare.push(bareElapsed);
    growthMb = Math.max(growthMb, watch.growthMb);
    blockMs = Math.max(blockMs, watch.blockMs);
  }
  return [
    {
      what,
      result: ms(median(ours)),
      against: `bare SDK ${ms(median(bare))}`,
      ratio: (median(ours) / median(bare)).toFixed(2),
      target: "",
    },
    { what: "  memory growth meanwhile", result: `${growthMb.toFixed(0)} MB`, against: "", ratio: "", target: "" },
    { what: "  longest block of the host", result: ms(blockMs), against: "", ratio: "", target: "≤ 50 ms" },
  ];
}

const discarding = {
  size: { columns: 80, rows: 24 },
  status: () => undefined,
  write: () => Promise.resolve(),
};

async function throughSdk({ store, connection }: Services, argv: readonly string[], count: number): Promise<void> {
  const [sandbox] = store.all;
  if (sandbox?.phase.kind !== "running") throw new Error("The sandbox is gone.");
  const handle = await connection.sandbox(sandbox.phase.id, AbortSignal.timeout(10_000));
  await Promise.all(
    Array.from({ length: count }, async () => {
      const process = await handle.exec([...argv], { mode: "binary" });
      await process.stdout.pipeTo(new WritableStream());
      await process.wait();
    }),
  );
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

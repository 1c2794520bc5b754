import { fileTarget, Screen, spec, startServices } from "../backend/support/services";
import { median, ms, type Row } from "./support/table";

const ROUNDS = 15;

/** From the start of a run to the program's first output, on a warm sandbox with an unchanged small folder. */
export async function benchStart(): Promise<readonly Row[]> {
  const services = await startServices({});
  try {
    for (let i = 0; i < 50; i++) await services.write(`src/module${i}.py`, `value = ${i}\n`.repeat(100));
    await services.write("hello.sh", "echo hello");
    const target = fileTarget("hello.sh");
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const startedAt = performance.now();
      const [run] = services.runs.start({ target, folder: services.folder, remotePath: "/workspace", specs: [spec()] });
      if (!run) throw new Error("Nothing was started.");
      await new Screen(run).shows("hello");
      const elapsed = performance.now() - startedAt;
      await run.finished;

      const sandbox = services.store.get(run.sandboxKey ?? "");
      if (sandbox?.phase.kind !== "running") throw new Error("The sandbox is gone.");
      const handle = await services.connection.sandbox(sandbox.phase.id, AbortSignal.timeout(10_000));
      const bareAt = performance.now();
      const process = await handle.exec(["sh", "/workspace/hello.sh"], { mode: "binary" });
      await process.stdout.getReader().read();
      const bareElapsed = performance.now() - bareAt;
      await process.wait();
      // The first round creates the sandbox.
      if (round > 0) {
        ours.push(elapsed);
        bare.push(bareElapsed);
      }
    }
    const over = median(ours.map((value, i) => value - (bare[i] ?? 0)));
    return [
      {
        what: "run → first output (51 files)",
        result: ms(median(ours)),
        against: `bare exec ${ms(median(bare))}`,
        ratio: `+${ms(over)}`,
        target: "≤ +300 ms",
      },
    ];
  } finally {
    await services.stop();
  }
}

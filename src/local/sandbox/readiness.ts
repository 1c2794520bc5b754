import type { Duplex } from "node:stream";
import { abortable, delay } from "../../base/async";
import type { IsolatedRoot } from "../base/isolation";
import { failedPrecondition } from "../protocol/errors";
import type { Probe } from "./sandboxSpec";

// Modal stops probing after this time. The sandbox keeps running.
const GIVE_UP_MS = 5 * 60 * 1000;
const HANG_UP_MS = 1000;

type Probed = Pick<IsolatedRoot, "connect" | "spawn">;

/** Resolves once the probe succeeds. */
export async function awaitReady(root: Probed, probe: Probe, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (!(await abortable(succeeds(root, probe), signal))) {
    if (Date.now() > deadline) throw failedPrecondition("The readiness probe gave up after five minutes.");
    await delay(probe.intervalMs, signal);
  }
}

const succeeds = (root: Probed, probe: Probe): Promise<boolean> =>
  probe.kind === "tcp" ? accepts(root, probe.port) : runs(root, probe.argv);

async function accepts(root: Probed, port: number): Promise<boolean> {
  try {
    const connection = await root.connect(port);
    hangUp(connection);
    return true;
  } catch {
    return false;
  }
}

/** A server whose connection is reset during its greeting might crash, so it gets the time to finish. */
function hangUp(connection: Duplex): void {
  const timer = setTimeout(() => connection.destroy(), HANG_UP_MS);
  connection.on("error", () => undefined);
  connection.once("close", () => clearTimeout(timer));
  connection.resume().end();
}

async function runs(root: Probed, argv: readonly [string, ...string[]]): Promise<boolean> {
  try {
    const process = await root.spawn({ argv, env: {}, workdir: "/" });
    process.stdout.resume();
    process.stderr.resume();
    process.stdin.end();
    const exit = await process.exited;
    return exit.kind === "code" && exit.code === 0;
  } catch {
    return false;
  }
}

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../base/errors";
import { Faults } from "./faults/faults";
import { collectLessOften } from "./base/heap";
import type { IsolationKind } from "./base/isolation";
import { detectIsolation } from "./isolation/detectIsolation";
import { isOnlyServer } from "./isolation/host/serverFolder";
import { startServer } from "./server";
import { stderrLog } from "./base/stderrLog";

// For tests and demos: comma-separated GPU types whose sandboxes stay queued forever.
const NO_CAPACITY_VARIABLE = "MODAL_LOCAL_NO_CAPACITY";
// For tests: the defaults of --isolation and --network, also for a backend that the extension starts.
const ISOLATION_VARIABLE = "MODAL_LOCAL_ISOLATION";
const NETWORK_VARIABLE = "MODAL_LOCAL_NETWORK";

interface Options {
  readonly port: number;
  readonly stateDir: string;
  /** Only this kind is tried, instead of the strongest that the machine permits. */
  readonly isolation: IsolationKind | undefined;
  /** True if sandboxes share this machine's network instead of having their own. */
  readonly sharesNetwork: boolean;
  /** The path of the planned faults, see `FaultPlan`. */
  readonly faultsFile: string | undefined;
}

// Some pending work, mostly at shutdown, does not keep Node running by itself.
const KEEP_RUNNING_MS = 60_000;

async function main(): Promise<void> {
  collectLessOften();
  const stopRequested = untilStopRequested();
  setInterval(() => undefined, KEEP_RUNNING_MS);
  const { port, stateDir, isolation: preferred, sharesNetwork, faultsFile } = readOptions();
  const log = stderrLog();
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const isolation = await detectIsolation({
    stateDir,
    sharesNetwork,
    log: (line) => log.info(line),
    ...(preferred && { preferred }),
  });
  log.info(`isolation: ${isolation.kind}`);

  const server = await startServer({
    port,
    isolation,
    stateDir,
    isAlone: isOnlyServer(stateDir),
    baseEnv: { PATH: process.env.PATH ?? "", HOME: "/root" },
    hasNvidiaGpu: existsSync("/dev/nvidiactl") || existsSync("/dev/dxg"),
    faults: new Faults({
      file: faultsFile,
      gpusWithoutCapacity: new Set(
        process.env[NO_CAPACITY_VARIABLE]?.split(",").map((type) => type.trim().toUpperCase()),
      ),
      log,
    }),
    log,
  });

  const { serverUrl, tokenId, tokenSecret } = server;
  process.stdout.write(`${JSON.stringify({ serverUrl, tokenId, tokenSecret })}\n`);
  await stopRequested;
  await server.stop();
  await isolation.dispose();
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      state: { type: "string" },
      isolation: { type: "string" },
      network: { type: "string" },
      faults: { type: "string" },
    },
  });
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`"${values.port ?? ""}" is not a valid port.`);
  return {
    port,
    stateDir: resolve(values.state ?? defaultState()),
    isolation: readKind(values.isolation ?? process.env[ISOLATION_VARIABLE]),
    sharesNetwork: readNetwork(values.network ?? process.env[NETWORK_VARIABLE]) === "shared",
    faultsFile: values.faults,
  };
}

function readKind(kind: string | undefined): IsolationKind | undefined {
  switch (kind) {
    case undefined:
    case "overlay":
    case "privateRoot":
    case "directory":
      return kind;
    default:
      throw new Error(`"${kind}" is not a kind of isolation. Use overlay, privateRoot or directory.`);
  }
}

function readNetwork(network: string | undefined): "own" | "shared" {
  if (network === undefined || network === "own" || network === "shared") return network ?? "own";
  throw new Error(`"${network}" is not a kind of network. Use own or shared.`);
}

const defaultState = (): string =>
  join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "modal-sandboxes-local");

/** Resolves on a signal or at the end of stdin, when the process that started the server has ended. */
function untilStopRequested(): Promise<void> {
  return new Promise((end) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => end());
    for (const event of ["end", "close", "error"] as const) process.stdin.once(event, () => end());
    process.stdin.resume();
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`The local backend could not start: ${messageOf(error)}\n`);
    process.exit(1);
  },
);

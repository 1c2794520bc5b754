import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../base/errors";
import { detectIsolation } from "./isolation/detectIsolation";
import { startServer } from "./server";
import { openRunFolder } from "./runFolder";
import { stderrLog } from "./stderrLog";

// The environment's one knob, for tests and demos: GPU types, comma-separated, whose sandboxes stay queued for ever.
const NO_CAPACITY_VARIABLE = "MODAL_LOCAL_NO_CAPACITY";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string" }, state: { type: "string" } } });
  const log = stderrLog();
  const folder = await openRunFolder(values.state ?? defaultState());
  const isolation = await detectIsolation({ stateDir: folder.path, log });
  log.info(`isolation: ${isolation.kind}. ${isolation.description}`);

  const server = await startServer({
    port: Number(values.port ?? 0),
    isolation,
    outputFolder: join(folder.path, "output"),
    hasNvidiaGpu: existsSync("/dev/nvidiactl") || existsSync("/dev/dxg"),
    gpusWithoutCapacity: new Set(
      process.env[NO_CAPACITY_VARIABLE]?.split(",").map((type) => type.trim().toUpperCase()),
    ),
    log,
  });

  const { serverUrl, tokenId, tokenSecret } = server;
  process.stdout.write(`${JSON.stringify({ serverUrl, tokenId, tokenSecret })}\n`);
  await untilToldToEnd();
  await server.stop();
  await isolation.dispose();
  await folder.remove();
}

const defaultState = (): string =>
  join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "modal-sandboxes-local");

/** A signal, or the end of stdin: whoever started the server has gone. */
async function untilToldToEnd(): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      resolve();
    };
    process.once("SIGTERM", end);
    process.once("SIGINT", end);
    process.once("SIGHUP", end);
    process.stdin.once("end", end).once("close", end).once("error", end).resume();
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`The local backend could not start: ${messageOf(error)}\n`);
    process.exit(1);
  },
);

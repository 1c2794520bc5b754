import { createInterface } from "node:readline";
import { delay } from "../../../src/base/async";
import { messageOf, UserError } from "../../../src/base/errors";
import type { Limits } from "../../../src/sandboxes/costs/limits";
import { spec, startServices, T4 } from "./services";

/**
 * A window's services with hard limits in a separate process. It reads one command per line and answers each with a
 * line: `limits JSON`, `dayLimit` (just above today's spending), `create AFTER_MS`, `end` (of the sandbox created
 * last; answers `none` if there is none).
 */
async function main(): Promise<void> {
  const { MODAL_TOKEN_ID: tokenId = "", MODAL_TOKEN_SECRET: tokenSecret = "", STORAGE = "" } = process.env;
  const none: Limits = { dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 0 };
  let limits = none;
  const created: string[] = [];
  const options = { account: { tokenId, tokenSecret }, storageFolder: STORAGE, limits: () => limits };
  const { sandboxes, meter, refresh } = await startServices(options);
  await refresh();

  const commands: Record<string, (argument: string) => Promise<string>> = {
    limits: (json) => {
      limits = { ...none, ...(JSON.parse(json) as Partial<Limits>) };
      return Promise.resolve("limited");
    },
    dayLimit: async () => {
      await refresh();
      await meter.update();
      limits = { ...none, dollarsPerDay: meter.costs.today + 1e-7 };
      return "limited";
    },
    create: async (afterMs) => {
      await delay(Number(afterMs));
      const lasting = spec({ gpu: T4, timeoutMs: HOUR_MS, idleTimeoutMs: HOUR_MS });
      const { key } = await sandboxes.create({ spec: lasting, folder: "/f" }, AbortSignal.timeout(60_000));
      created.push(key);
      return `created ${key}`;
    },
    end: async () => {
      const key = created.pop();
      if (key === undefined) return "none";
      await sandboxes.terminate(key, AbortSignal.timeout(60_000));
      return "ended";
    },
  };
  const lines = createInterface(process.stdin);
  lines.on("line", (line) => {
    const [command = "", ...rest] = line.split(" ");
    const answering =
      commands[command]?.(rest.join(" ")) ?? Promise.reject(new Error(`There is no command ${command}.`));
    answering.then(answer, (error: unknown) =>
      answer(`${error instanceof UserError ? "refused" : "failed"} ${messageOf(error)}`),
    );
  });
  lines.on("close", () => process.exit());
  answer("ready");
}

const HOUR_MS = 3_600_000;

const answer = (line: string) => process.stdout.write(`${line}\n`);

void main();

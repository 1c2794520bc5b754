import type { Logger } from "../../base/ports";

/** Logs to stderr, because stdout carries one line of JSON and nothing else. */
export function stderrLog(): Logger {
  // The process that read stderr may have ended.
  process.stderr.on("error", () => undefined);
  const write =
    (level: string) =>
    (message: string | Error, ...args: unknown[]) => {
      const text = message instanceof Error ? (message.stack ?? message.message) : message;
      process.stderr.write(`${new Date().toISOString()} ${level} ${[text, ...args.map(String)].join(" ")}\n`);
    };
  return { debug: () => undefined, info: write("info"), warn: write("warn"), error: write("error") };
}

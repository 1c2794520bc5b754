import type { Logger } from "../../base/ports";

/** Stdout carries one line of JSON and nothing else, so what is to be said goes to stderr. */
export function stderrLog(): Logger {
  // Nobody may be reading any more.
  process.stderr.on("error", () => undefined);
  const write =
    (level: string) =>
    (message: string | Error, ...args: unknown[]) => {
      const text = message instanceof Error ? (message.stack ?? message.message) : message;
      process.stderr.write(`${new Date().toISOString()} ${level} ${[text, ...args.map(String)].join(" ")}\n`);
    };
  return { debug: () => undefined, info: write("info"), warn: write("warn"), error: write("error") };
}

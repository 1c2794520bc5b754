import type { OutputSink } from "./run";

/** There is no terminal at the other end, so the program is told what it would have found out from one. */
export const programEnvironment = (size: OutputSink["size"]): Record<string, string> => ({
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  FORCE_COLOR: "1",
  CLICOLOR_FORCE: "1",
  PYTHONUNBUFFERED: "1",
  COLUMNS: String(size.columns),
  LINES: String(size.rows),
});

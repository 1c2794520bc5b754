/**
 * Marks a command as VS Code's shell integration does (OSC 633). The run's terminal then has a command decoration,
 * which is colored by the exit code and lets the user copy the output.
 */
const mark = (text: string) => `\x1b]633;${text}\x07`;

/** Goes before a command's first line. */
export const commandStart = (command: string): string =>
  `${mark("A")}${mark("B")}${mark(`E;${escaped(command)}`)}${mark("C")}`;

/** Goes after a command's last line; without an exit code if it has none. */
export const commandEnd = (exitCode: number | undefined): string =>
  mark(exitCode === undefined ? "D" : `D;${exitCode}`);

/** Escapes control characters, the separator and the backslash. */
const escaped = (text: string) =>
  text.replaceAll(/[\x00-\x20;\\\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);

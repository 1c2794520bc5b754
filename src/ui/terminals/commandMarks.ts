/**
 * What shells tell VS Code of a command (OSC 633), so that a run's terminal has its decoration: green or red by the exit
 * code, to jump to and to copy the output of.
 */
const mark = (text: string) => `\x1b]633;${text}\x07`;

/** Before a command's first line. */
export const commandStart = (command: string): string =>
  `${mark("A")}${mark("B")}${mark(`E;${escaped(command)}`)}${mark("C")}`;

/** After its last; without an exit code where it has none. */
export const commandEnd = (exitCode: number | undefined): string =>
  mark(exitCode === undefined ? "D" : `D;${exitCode}`);

/** Control characters, the separator and the escape itself. */
const escaped = (text: string) =>
  text.replaceAll(/[\x00-\x20;\\\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);

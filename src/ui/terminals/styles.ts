import { visibleText } from "../../base/inertText";

/**
 * Formats a line of ours for a terminal, and starts a new line even if the program left colors or half a line. Control
 * sequences in the text, such as in file names, have no effect.
 */
const styled = (code: number) => (text: string) =>
  `\r\x1b[0m\x1b[${code}m${text.split("\n").map(visibleText).join("\r\n")}\x1b[0m\x1b[K\r\n`;

export const bold = styled(1);
export const dim = styled(2);
export const green = styled(32);
export const red = styled(31);

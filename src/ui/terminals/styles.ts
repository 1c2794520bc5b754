import { visibleText } from "../../base/inertText";

/**
 * A line of ours in a terminal, on a line of its own whatever the program left behind. The terminal obeys nothing of what
 * it names, such as files.
 */
const styled = (code: number) => (text: string) =>
  `\r\x1b[0m\x1b[${code}m${text.split("\n").map(visibleText).join("\r\n")}\x1b[0m\x1b[K\r\n`;

export const bold = styled(1);
export const dim = styled(2);
export const green = styled(32);
export const red = styled(31);

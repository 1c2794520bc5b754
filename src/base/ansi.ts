/** Removes the escape sequences for colors and for "erase to the end of the line". */
export const withoutColors = (text: string): string =>
  text.includes("\x1b") ? text.replaceAll(/\x1b\[[\d;:]*[mK]/g, "") : text;

import type { ArgumentSet } from "./target/argumentSets";

/** Names the folder of runs that were started together: `train.py-2026-11-28-2105`, in local time. */
export function groupName(label: string, startedAt: Date): string {
  const file = safeName(label.replace(/^.*[\\/]/s, "")) || "run";
  const [year, month, day, hours, minutes] = [
    startedAt.getFullYear(),
    startedAt.getMonth() + 1,
    startedAt.getDate(),
    startedAt.getHours(),
    startedAt.getMinutes(),
  ].map((part) => String(part).padStart(2, "0"));
  return `${file}-${year}-${month}-${day}-${hours}${minutes}`;
}

/**
 * Names each argument set of a sweep, such as `lr=0.1 bs=8`. Sets that are too long, have the same name as another set,
 * or contain words that must not be in a name become `set-3` (counted from 0).
 * @param isSecret true if a set has words that must not appear on disk
 */
export function setLabels(sets: readonly ArgumentSet[], isSecret: (set: ArgumentSet) => boolean): string[] {
  const labels = sets.map((set) => (isSecret(set) ? "" : setLabel(set)));
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(folded(label), (counts.get(folded(label)) ?? 0) + 1);
  return labels.map((label, index) =>
    label === "" || (counts.get(folded(label)) ?? 0) > 1 || NUMBERED.test(label) ? `set-${index}` : label,
  );
}

/** Returns the label, followed by a number if it is already used. */
export function uniqueLabel(label: string, used: ReadonlySet<string>): string {
  const all = new Set([...used].map(folded));
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? label : `${label}-${count}`;
    if (!all.has(folded(candidate))) return candidate;
  }
}

/**
 * Returns a file name that is valid on every system: without separators, control characters, and characters that
 * Windows does not allow. "" if nothing is left.
 */
export function safeName(text: string): string {
  const plain = text
    .normalize("NFC")
    .replace(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]+/gu, "-")
    .replace(/\s+/g, " ")
    .slice(0, MOST_CHARACTERS)
    .replace(/[\uD800-\uDBFF]$/, "")
    .replace(/^[. -]+|[. ]+$/g, "");
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(plain) ? `_${plain}` : plain;
}

/** Longer labels are hard to tell apart, and paths on Windows are short. */
const MOST_CHARACTERS = 60;

const NUMBERED = /^set-\d+$/i;

const folded = (label: string): string => label.normalize("NFC").toLowerCase();

/**
 * Writes options with their values as `name=value`, and other words as they are. "" if the result isn't a good name.
 */
function setLabel(words: ArgumentSet): string {
  const parts: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [, name, value] = /^--?([A-Za-z][^=\s]*)(?:=([^]*))?$/.exec(word) ?? [];
    const next = words[at + 1];
    if (name === undefined) parts.push(word);
    else if (value !== undefined) parts.push(`${name}=${value}`);
    else if (next !== undefined && !/^-+[A-Za-z]/.test(next)) {
      parts.push(`${name}=${next}`);
      at += 1;
    } else parts.push(name);
  }
  const text = parts.join(" ");
  return text.length > MOST_CHARACTERS ? "" : safeName(text);
}

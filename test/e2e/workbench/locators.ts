import { setTimeout as delay } from "node:timers/promises";

/** Matches a label's whole text, around which VS Code leaves the space of an icon. */
export function exactly(label: string | RegExp): RegExp {
  if (label instanceof RegExp) return label;
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s");
  return new RegExp(`^\\s*${escaped}\\s*$`);
}

/** Asks again until the answer is not `undefined` or `false`; a failed try counts as no answer. */
export async function pollUntil<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s, but not: ${what}`, { cause });
    await delay(100);
  }
}

import type { Context } from "mocha";

/**
 * Skips the test, or from a hook all tests of its suite, and keeps the reason, which `test/run.mjs` prints: what the
 * machine lacks ("needs busybox"), or "by design" where there is nothing to test.
 */
export function skip(context: Context, reason: string): never {
  const runnable = context.runnable();
  const isTest = "type" in runnable && runnable.type === "test";
  Object.assign(isTest ? runnable : (runnable.parent ?? runnable), { skipReason: reason });
  return context.skip();
}

/** Skips what an ordinary user usually cannot do. `test/conditions.mjs` names the files with such tests, so that CI runs them as root. */
export function skipForRoot(context: Context, missing: string): never {
  return skip(context, isRoot ? `needs ${missing}` : `needs root: ${missing}`);
}

export const isRoot = process.getuid?.() === 0;

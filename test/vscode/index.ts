import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { format } from "node:util";

import { collectOutcomes, type TestOutcome } from "../support/testReport";

/** The entry point that VS Code calls in the extension host, in the server and on a desktop. */
export async function run(): Promise<void> {
  // Mocha is an ES module, which not every extension host can require.
  const { default: Mocha } = await import("mocha");
  const { TEST_REPORT, TEST_GREP, TEST_TIMEOUT_MS } = process.env;
  if (TEST_REPORT) Mocha.reporters.Base.consoleLog = logForServer;

  const options = { timeout: Number(TEST_TIMEOUT_MS ?? 60_000), color: true };
  const mocha = new Mocha(TEST_GREP ? { ...options, grep: TEST_GREP } : options);
  for (const file of await testFiles()) mocha.addFile(file);
  await mocha.loadFilesAsync();

  const outcomes = await new Promise<readonly TestOutcome[]>((resolve) => {
    const runner = mocha.run(() => resolve(collected));
    const collected = collectOutcomes(runner, join(__dirname, "../../.."));
  });
  if (TEST_REPORT) writeFileSync(TEST_REPORT, JSON.stringify(outcomes));
  const failures = outcomes.filter(({ result }) => result === "failed").length;
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}

/** The mark tells these lines from all others of the extension host's console: see runInServer. */
function logForServer(...values: unknown[]): void {
  console.log(`test: ${format(...values)}`);
}

async function testFiles(): Promise<string[]> {
  const names = await readdir(__dirname, { recursive: true });
  return names
    .filter((name) => name.endsWith(".test.js"))
    .sort()
    .map((name) => join(__dirname, name));
}

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Mocha from "mocha";

/** `node test/runMocha.mjs SUITE`: runs the built tests of a suite in this process; `test/run.mjs` starts it. */
const [suite] = process.argv.slice(2);
const { TEST_REPORT, TEST_GREP, TEST_TIMEOUT_MS, TEST_RETRIES } = process.env;

// A signal alone would skip what cleans up at the exit.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const mocha = new Mocha({
  timeout: Number(TEST_TIMEOUT_MS),
  retries: Number(TEST_RETRIES),
  ...(TEST_GREP ? { grep: TEST_GREP } : {}),
});
for (const file of await testFiles(join("out", "test", suite))) mocha.addFile(file);
await mocha.loadFilesAsync();

const { stats } = await new Promise((resolve) => {
  const runner = mocha.run(() => resolve(runner));
  runner.on("retry", (test, error) => console.log(`    retried: ${test.fullTitle()}: ${error.message}`));
});
const { passes, failures, pending } = stats;
await writeFile(TEST_REPORT, JSON.stringify({ passes, failures, pending }));
process.exitCode = failures > 0 ? 1 : 0;

// The SDK goes on for ten seconds to call a backend that is gone; whatever still holds the process then is named.
setTimeout(() => {
  console.error(`Still open after the tests: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit();
}, 30_000).unref();

/** None where the suite has no tests. */
async function testFiles(folder) {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries
    .filter((name) => name.endsWith(".test.js"))
    .sort()
    .map((name) => join(folder, name));
}

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Mocha from "mocha";

/** `node test/runMocha.mjs SUITE`: runs the built tests of a suite in this process; `test/run.mjs` starts it. */
const [suite] = process.argv.slice(2);
const { collectOutcomes } = await import(pathToFileURL(join(process.cwd(), "out/test/support/testReport.js")));
const { TEST_REPORT, TEST_FILES, TEST_GREP, TEST_TIMEOUT_MS, TEST_RETRIES } = process.env;

// Each test file is a bundle of its own, and many clean up at the exit.
process.setMaxListeners(100);

// A signal alone would skip what cleans up at the exit.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const mocha = new Mocha({
  timeout: Number(TEST_TIMEOUT_MS),
  retries: Number(TEST_RETRIES),
  ...(TEST_GREP ? { grep: TEST_GREP } : {}),
});
for (const file of await testFiles(join("out", "test", suite))) mocha.addFile(file);
await mocha.loadFilesAsync();

let outcomes;
const { stats } = await new Promise((resolve) => {
  const runner = mocha.run(() => resolve(runner));
  outcomes = collectOutcomes(runner, process.cwd());
  runner.on("retry", (test, error) => console.log(`    retried: ${test.fullTitle()}: ${error.message}`));
});
await writeFile(TEST_REPORT, JSON.stringify(outcomes));
process.exitCode = stats.failures > 0 ? 1 : 0;

// The SDK keeps calling a backend that is gone for ten seconds. Name whatever holds the process open after that.
setTimeout(() => {
  console.error(`Still open after the tests: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit();
}, 30_000).unref();

/** All of the suite, or those that a condition names; none where the suite has no tests. */
async function testFiles(folder) {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const found = entries.filter((name) => name.endsWith(".test.js")).sort();
  const named = TEST_FILES ? TEST_FILES.split(",").map((name) => `${name}.test.js`) : found;
  for (const name of named) if (!found.includes(name)) throw new Error(`There is no ${join(folder, name)}.`);
  return named.map((name) => join(folder, name));
}

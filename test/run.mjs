import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

import { conditions } from "./conditions.mjs";
import { BrowserUnavailable } from "./host/browser.mjs";
import { build, exitCode, packageExtension, prepareVsCode, root } from "./prepare.mjs";

/**
 * `node test/run.mjs [suite…] [--condition name] [--grep pattern]`: runs the suites in order, each in a separate
 * process, and ends with the reasons for skipped tests and a line that counts the tests. An e2e test that fails is tried
 * once more, as a person would on a busy machine that shows a menu late. Each retry is printed with its reason, and a
 * test that passes only then counts as flaky; more than two of them fail the run.
 */
const DEMO = "out/test/e2e/demo.js";
const suites = {
  unit: { timeoutMs: 20_000 },
  backend: { timeoutMs: 60_000 },
  vscode: { timeoutMs: 60_000, prepare: [prepareVsCode], program: "out/test/vscode/runInServer.js" },
  e2e: { timeoutMs: 120_000, retries: 1, prepare: [prepareVsCode, packageExtension] },
  demo: { ...{ isOnlyByName: true, isOneTest: true }, prepare: [prepareVsCode, packageExtension], program: DEMO },
};

const args = process.argv.slice(2);
const grep = option("--grep") ?? "";
const condition = conditionNamed(option("--condition"));
for (const name of args) if (!(name in suites)) throw new Error(`There is no suite "${name}".`);
const all = Object.keys(condition.suites ?? suites).filter((name) => condition.suites || !suites[name].isOnlyByName);
const wanted = args.length > 0 ? args : all;

const outcomes = [];
await build();
const { countsText, flakyTests, tooFlaky } = await import(
  pathToFileURL(join(root, "out", "test", "support", "testReport.js"))
);
for (const [name, suite] of Object.entries(suites)) {
  if (!wanted.includes(name)) continue;

  console.log(`\n— ${name} —`);
  const started = Date.now();
  const ofSuite = await runSuite(name, suite, condition.suites?.[name]);
  console.log(`\n${name}: ${countsText(ofSuite)} in ${Math.round((Date.now() - started) / 1000)} s`);
  outcomes.push(...ofSuite);
}

const missed = outcomes.filter(onlyRootShows);
for (const outcome of missed) outcome.result = "failed";
for (const file of new Set(missed.map(({ file }) => file)))
  console.error(`${file} has tests that need root: name it in the condition "root" of test/conditions.mjs.`);
printSkipReasons(outcomes.filter(({ result }) => result === "skipped"));
await writeFile(join(root, "out", "report.json"), JSON.stringify(outcomes, undefined, 1));
const flaky = flakyTests(outcomes);
if (flaky.length > 0) console.log("\nFlaky:");
for (const { file, title } of flaky) console.log(`  ${basename(file, ".test.js")}: ${title}`);
const complaint = tooFlaky(outcomes);
if (complaint) console.log(complaint);
console.log(`\n${countsText(outcomes)}`);
process.exitCode = outcomes.some(hasFailed) || complaint ? 1 : 0;

function option(name) {
  const at = args.indexOf(name);
  if (at < 0) return undefined;
  const [, value] = args.splice(at, 2);
  if (!value) throw new Error(`${name} needs a value.`);
  return value;
}

function conditionNamed(name) {
  if (name === undefined) return { env: {} };
  if (!(name in conditions)) throw new Error(`There is no condition "${name}": ${Object.keys(conditions).join(", ")}.`);
  return conditions[name];
}

/** A suite that breaks down instead of reporting counts as one failure. */
async function runSuite(name, suite, files = []) {
  const { timeoutMs, retries = 0, prepare = [], program = "test/runMocha.mjs", isOneTest = false } = suite;
  const folder = await mkdtemp(join(tmpdir(), "modal-sandboxes-report-"));
  const report = join(folder, "report.json");
  const all = (result, more) => ({ file: "", title: name, result, durationMs: 0, ...more });
  try {
    for (const step of prepare) await step();
    const env = {
      ...process.env,
      ...condition.env,
      TEST_REPORT: report,
      TEST_FILES: files.join(","),
      TEST_GREP: grep,
      TEST_TIMEOUT_MS: String(timeoutMs),
      TEST_RETRIES: String(retries),
    };
    const code = await exitCode(spawn(process.execPath, [program, name], { cwd: root, env, stdio: "inherit" }));
    if (isOneTest) return [all(code === 0 ? "passed" : "failed")];
    const found = JSON.parse(await readFile(report, "utf8"));
    return code !== 0 && !found.some(hasFailed) ? [...found, all("failed")] : found;
  } catch (error) {
    if (error instanceof BrowserUnavailable)
      return [all("skipped", { skipReason: `needs a browser: ${error.message}` })];
    console.error(`The suite ${name} broke down: ${error.message}`);
    return [all("failed")];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each reason once, with the number of tests and where they are. */
function printSkipReasons(skipped) {
  if (skipped.length > 0) console.log("\nSkipped:");
  for (const reason of new Set(skipped.map(({ skipReason }) => skipReason))) {
    const tests = skipped.filter(({ skipReason }) => skipReason === reason);
    const files = new Set(tests.map(({ file, title }) => (file ? basename(file, ".test.js") : title)));
    console.log(`  ${tests.length} in ${[...files].join(", ")}: ${reason ?? "no reason given"}`);
  }
}

/** Tests that an ordinary user skips must run as root, or nobody notices that the feature broke. */
function onlyRootShows({ file, skipReason = "" }) {
  if (!skipReason.startsWith("needs root:")) return false;
  const { suites: ofRoot } = conditions.root;
  return !Object.entries(ofRoot).some(([suite, files]) =>
    files.some((name) => file === join("out", "test", suite, `${name}.test.js`)),
  );
}

function hasFailed({ result }) {
  return result === "failed";
}

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, exitCode, packageExtension, prepareVsCode, root } from "./prepare.mjs";

/**
 * `node test/run.mjs [suite…] [--grep pattern]`: runs the suites in order, each in a process of its own, and ends with
 * a line that counts their tests. A click is tried once more, as a person would where a busy machine shows a menu late;
 * each retry is printed with its reason.
 */
const suites = {
  unit: { timeoutMs: 20_000 },
  backend: { timeoutMs: 60_000 },
  vscode: { timeoutMs: 60_000, prepare: [prepareVsCode], program: "out/test/vscode/runInServer.js" },
  e2e: { timeoutMs: 120_000, retries: 1, prepare: [prepareVsCode, packageExtension] },
};

const args = process.argv.slice(2);
const grepAt = args.indexOf("--grep");
const grep = grepAt < 0 ? "" : args.splice(grepAt, 2)[1];
for (const name of args) if (!(name in suites)) throw new Error(`There is no suite "${name}".`);

const total = { passes: 0, failures: 0, pending: 0 };
await build();
for (const [name, suite] of Object.entries(suites)) {
  if (args.length > 0 && !args.includes(name)) continue;

  console.log(`\n— ${name} —`);
  const counts = await runSuite(name, suite);
  for (const key of Object.keys(total)) total[key] += counts[key];
}

const skipped = total.pending > 0 ? `, ${total.pending} skipped` : "";
console.log(`\n${total.passes} passed, ${total.failures} failed${skipped}`);
process.exitCode = total.failures > 0 ? 1 : 0;

/** A suite that breaks down instead of reporting counts as one failure. */
async function runSuite(name, { timeoutMs, retries = 0, prepare = [], program = "test/runMocha.mjs" }) {
  const folder = await mkdtemp(join(tmpdir(), "modal-sandboxes-report-"));
  const report = join(folder, "report.json");
  try {
    for (const step of prepare) await step();
    const env = {
      ...process.env,
      TEST_REPORT: report,
      TEST_GREP: grep,
      TEST_TIMEOUT_MS: String(timeoutMs),
      TEST_RETRIES: String(retries),
    };
    const code = await exitCode(spawn(process.execPath, [program, name], { cwd: root, env, stdio: "inherit" }));
    const counts = JSON.parse(await readFile(report, "utf8"));
    return code !== 0 && counts.failures === 0 ? { ...counts, failures: 1 } : counts;
  } catch (error) {
    console.error(`The suite ${name} broke down: ${error.message}`);
    return { passes: 0, failures: 1, pending: 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

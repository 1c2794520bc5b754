import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Checks the scripts that src runs in sandboxes and on the machine of the local backend, each kind if its tool is installed. */
const scripts = readdirSync("src", { recursive: true, encoding: "utf8" }).map((path) => join("src", path));
const cache = mkdtempSync(join(tmpdir(), "check-scripts-"));

const checks = [
  { ending: ".sh", command: ["shellcheck"], isPerFile: false },
  { ending: ".py", command: ["python3", "-m", "py_compile"], isPerFile: false },
  { ending: ".pl", command: ["perl", "-cw"], isPerFile: true },
];

for (const { ending, command, isPerFile } of checks) {
  const paths = scripts.filter((path) => path.endsWith(ending));
  const [tool, ...words] = command;
  if (spawnSync(tool, ["--version"]).error) {
    console.log(`${paths.length} ${ending} files are unchecked: ${tool} is not installed.`);
    continue;
  }
  for (const batch of isPerFile ? paths.map((path) => [path]) : [paths]) {
    const { status, stdout, stderr } = spawnSync(tool, [...words, ...batch], {
      encoding: "utf8",
      env: { ...process.env, PYTHONPYCACHEPREFIX: cache },
    });
    if (status === 0) continue;
    console.error(stdout + stderr);
    process.exitCode = 1;
  }
}
rmSync(cache, { recursive: true });

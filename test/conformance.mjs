import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

/**
 * `node test/conformance.mjs`: writes the table of what the local backend does into its README, from the report of the
 * last `npm run test:backend`.
 */
const README = "src/local/README.md";
const START = "<!-- conformance: made by test/conformance.mjs -->";
const END = "<!-- /conformance -->";

/** By test file: what it is about, and what differs from Modal there, and why. */
const areas = {
  "local/network/access": ["Tokens, and the program itself", "The token pair is fresh at every start"],
  "local/network/connect": ["Connect tokens", "The proxy answers on this machine only"],
  "local/environments": ["Environments and apps", ""],
  "local/sandbox/exec": ["Exec", ""],
  "local/faults": ["Faults on demand", "Only here"],
  "local/sandbox/filesystem": ["Filesystem", ""],
  "local/functions": [
    "Functions",
    "They are Python files in the state folder and run on this machine's Python; what their decorators ask of the cloud is left aside, and there are no metrics",
  ],
  "local/images": ["Images", "A registry's name stands for this machine's own programs; nothing is downloaded"],
  "local/sandbox/kill": ["Being killed at any moment", "Only here: nothing stays behind"],
  "local/sandbox/limits": ["CPU and memory limits", "Kept where the machine grants control groups; its notice says so"],
  "local/sandbox/list": ["Lists and tags", ""],
  "local/sandbox/logs": ["Logs", ""],
  "local/sandbox/names": ["Names of sandboxes", ""],
  "local/network/network": [
    "Network",
    "Its own, led out over IPv4 (TCP and UDP, no ping) by the backend, which keeps the lists; elsewhere the machine's, shared, and the log says so",
  ],
  "local/sandbox/options": [
    "Options of sandboxes",
    "A cloud, a region and Docker mean nothing on one machine; cloud buckets and proxies are not offered",
  ],
  "local/queues": ["Queues", ""],
  "local/sandbox/sandbox": ["Sandboxes", "Memory snapshots are not offered: a process cannot be frozen to disk here"],
  "local/secrets": ["Secrets", ""],
  "local/sandbox/sidecars": [
    "Sidecar containers",
    "Each has a network of its own, so that none reaches another at localhost",
  ],
  "local/signIn": ["Signing in", "On a page of this machine"],
  "local/sandbox/snapshots": [
    "Snapshots",
    "While a program runs, what the sandbox wrote is copied, at this machine's speed",
  ],
  "local/network/tunnels": ["Tunnels", "They answer on this machine only; their certificate is the backend's own"],
  "local/usage": ["Resource usage", "Of this machine, as its kernel counts it"],
  "local/volumes": ["Volumes", ""],
  "local/sandbox/sandboxFs": ["The filesystem tool", ""],
  "local/sandbox/isolation": [
    "Isolation",
    "Namespaces of this machine's kernel, not a virtual machine: not a security boundary",
  ],
};

const backendTests = join("out", "test", "backend");
const byFile = new Map();
for (const outcome of JSON.parse(await readFile("out/report.json", "utf8"))) {
  const name = relative(backendTests, outcome.file).replace(/\.test\.js$/, "");
  if (name.startsWith("local/")) byFile.set(name, [...(byFile.get(name) ?? []), outcome]);
}

const rows = [...byFile].map(([name, ofFile]) => {
  const [area, difference] = areas[name] ?? [];
  if (area === undefined) throw new Error(`Say in test/conformance.mjs what test/backend/${name}.test.ts is about.`);
  const count = (wanted) => ofFile.filter(({ result }) => result === wanted).length;
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
  const result = [`${passed} pass`, failed > 0 && `${failed} fail`, skipped > 0 && `${skipped} not on this machine`];
  return `| ${area} | ${result.filter(Boolean).join(", ")} | ${difference} |`;
});

const readme = await readFile(README, "utf8");
const [before, rest = ""] = readme.split(START);
const [, after] = rest.split(END);
if (after === undefined) throw new Error(`${README} has no place for the table: ${START} … ${END}`);
const table = ["| What | Tests | What differs from Modal |", "|---|---|---|", ...rows.sort()].join("\n");
await writeFile(README, `${before}${START}\n\n${table}\n\n${END}${after}`);

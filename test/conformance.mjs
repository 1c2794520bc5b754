import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

/**
 * `node test/conformance.mjs`: writes the table of the local backend's abilities into its README, from the report of the
 * last `npm run test:backend`.
 */
const README = "src/local/README.md";
const START = "<!-- conformance: made by test/conformance.mjs -->";
const END = "<!-- /conformance -->";

/** By test file: the area that it covers, and the area's differences from Modal with their reasons. */
const areas = {
  "local/network/access": ["Tokens, and the program itself", "The token pair is fresh at every start"],
  "local/network/connect": ["Connect tokens", "The proxy answers only on this machine"],
  "local/environments": ["Environments and apps", ""],
  "local/sandbox/exec": ["Exec", ""],
  "local/faults": ["Faults on demand", "Only here"],
  "local/sandbox/filesystem": ["Filesystem", ""],
  "local/functions": [
    "Functions",
    "They are Python files in the state folder and run on this machine's Python. Cloud options in their decorators have no effect, and there are no metrics",
  ],
  "local/images": ["Images", "A registry image stands for this machine's own programs; nothing is downloaded"],
  "local/sandbox/kill": ["A server killed at any moment", "Only here: nothing is left behind"],
  "local/sandbox/limits": [
    "CPU and memory limits",
    "Enforced if the machine permits control groups; the server's notice says so",
  ],
  "local/sandbox/list": ["Lists and tags", ""],
  "local/sandbox/logs": ["Logs", ""],
  "local/sandbox/names": ["Names of sandboxes", ""],
  "local/network/network": [
    "Network",
    "Its own, with outgoing IPv4 (TCP and UDP, no ping) through the backend, which enforces allowlists. If the machine does not permit that, sandboxes share its network, and the log says so",
  ],
  "local/sandbox/options": [
    "Options of sandboxes",
    "A cloud, a region and Docker have no effect on a single machine; cloud buckets and proxies are not supported",
  ],
  "local/queues": ["Queues", ""],
  "local/sandbox/sandbox": ["Sandboxes", "No memory snapshots, because a process cannot be frozen to disk here"],
  "local/secrets": ["Secrets", ""],
  "local/sandbox/sidecars": [
    "Sidecar containers",
    "Each has its own network, so they cannot reach each other at localhost",
  ],
  "local/signIn": ["Signing in", "On a page served by this machine"],
  "local/sandbox/snapshots": [
    "Snapshots",
    "While a program runs, the sandbox's files are copied at this machine's speed",
  ],
  "local/network/tunnels": ["Tunnels", "They answer only on this machine, with the backend's own certificate"],
  "local/usage": ["Resource usage", "Measured by this machine's kernel"],
  "local/volumes": ["Volumes", ""],
  "local/sandbox/sandboxFs": ["The filesystem tool", ""],
  "local/sandbox/isolation": [
    "Isolation",
    "Namespaces of this machine's kernel instead of a virtual machine, so not a security boundary",
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
  if (area === undefined) throw new Error(`Add the area of test/backend/${name}.test.ts to test/conformance.mjs.`);
  const count = (wanted) => ofFile.filter(({ result }) => result === wanted).length;
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
  const result = [`${passed} pass`, failed > 0 && `${failed} fail`, skipped > 0 && `${skipped} not on this machine`];
  return `| ${area} | ${result.filter(Boolean).join(", ")} | ${difference} |`;
});

const readme = await readFile(README, "utf8");
const [before, rest = ""] = readme.split(START);
const [, after] = rest.split(END);
if (after === undefined) throw new Error(`${README} lacks the markers of the table: ${START} … ${END}`);
const table = ["| Area | Tests | Differences from Modal |", "|---|---|---|", ...rows.sort()].join("\n");
await writeFile(README, `${before}${START}\n\n${table}\n\n${END}${after}`);

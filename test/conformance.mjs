import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

/**
 * `node test/conformance.mjs REPORT`: writes the README's table of what the local backend does from a run of its tests,
 *
 *     npx mocha --reporter json --reporter-option output=REPORT out/test/backend/local*.test.js
 */
const README = "README.md";
const START = "<!-- conformance: made by test/conformance.mjs -->";
const END = "<!-- /conformance -->";

/** By test file: what it is about, and what differs from Modal there, and why. */
const areas = {
  localAccess: ["Tokens, and the program itself", "The token pair is fresh at every start"],
  localConnect: ["Connect tokens", "The proxy answers on this machine only"],
  localEnvironments: ["Environments and apps", ""],
  localExec: ["Exec", ""],
  localFaults: ["Faults on demand", "Only here"],
  localFilesystem: ["Filesystem", ""],
  localFunctions: [
    "Functions",
    "They are Python files in the state folder and run on this machine's Python; what their decorators ask of the cloud is left aside, and there are no metrics",
  ],
  localImages: ["Images", "A registry's name stands for this machine's own programs; nothing is downloaded"],
  localKill: ["Being killed at any moment", "Only here: nothing stays behind"],
  localLimits: ["CPU and memory limits", "Kept where the machine grants control groups; its notice says so"],
  localList: ["Lists and tags", ""],
  localLogs: ["Logs", ""],
  localNames: ["Names of sandboxes", ""],
  localNetwork: [
    "Network",
    "Its own, led out over IPv4 (TCP and UDP, no ping) by the backend, which keeps the lists; where it cannot be had, this machine's, shared, and the log says so",
  ],
  localOptions: [
    "Options of sandboxes",
    "A cloud, a region and Docker mean nothing on one machine; cloud buckets and proxies are not offered",
  ],
  localQueues: ["Queues", ""],
  localSandbox: ["Sandboxes", "Memory snapshots are not offered: a process cannot be frozen to disk here"],
  localSecrets: ["Secrets", ""],
  localSidecars: ["Sidecar containers", "Each has a network of its own, so that none reaches another at localhost"],
  localSignIn: ["Signing in", "On a page of this machine"],
  localSnapshots: ["Snapshots", "While a program runs, what the sandbox wrote is copied, at this machine's speed"],
  localTunnels: ["Tunnels", "They answer on this machine only; their certificate is the backend's own"],
  localUsage: ["Resource usage", "Of this machine, as its kernel counts it"],
  localVolumes: ["Volumes", ""],
  sandboxFs: ["The filesystem tool", ""],
  isolation: ["Isolation", "Namespaces of this machine's kernel, not a virtual machine: not a security boundary"],
};

const { tests, pending, failures } = JSON.parse(await readFile(process.argv[2], "utf8"));
const byFile = new Map();
for (const test of tests) {
  const name = basename(test.file, ".test.js");
  byFile.set(name, [...(byFile.get(name) ?? []), test]);
}

const rows = [...byFile].map(([name, ofFile]) => {
  const [area, difference] = areas[name] ?? [];
  if (area === undefined) throw new Error(`Say in test/conformance.mjs what ${name}.test.ts is about.`);
  const among = (others) =>
    ofFile.filter(({ fullTitle }) => others.some((other) => other.fullTitle === fullTitle)).length;
  const failed = among(failures);
  const skipped = among(pending);
  const passed = ofFile.length - failed - skipped;
  const result = [`${passed} pass`, failed > 0 && `${failed} fail`, skipped > 0 && `${skipped} not on this machine`];
  return `| ${area} | ${result.filter(Boolean).join(", ")} | ${difference} |`;
});

const readme = await readFile(README, "utf8");
const [before, rest = ""] = readme.split(START);
const [, after] = rest.split(END);
if (after === undefined) throw new Error(`${README} has no place for the table: ${START} … ${END}`);
const table = ["| What | Tests | What differs from Modal |", "|---|---|---|", ...rows.sort()].join("\n");
await writeFile(README, `${before}${START}\n\n${table}\n\n${END}${after}`);

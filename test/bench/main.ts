import { benchActivation } from "./activation";
import { benchBackend } from "./backend";
import { benchOutput } from "./output";
import { soak } from "./soak";
import { benchPull } from "./sync/pull";
import { benchRun } from "./run";
import { benchShell } from "./shell";
import { benchStart } from "./start";
import { benchSync, benchSyncBig } from "./sync/sync";
import { printTable, type Bench } from "./support/table";

/** `npm run bench [-- NAME …]`: measures, and prints each result in a table with its target. Benches that take minutes run only by name. */
const benches: Record<string, Bench> = {
  start: benchStart,
  output: benchOutput,
  sync: benchSync,
  syncBig: benchSyncBig,
  pull: benchPull,
  run: benchRun,
  shell: benchShell,
  backend: benchBackend,
  activation: benchActivation,
  soak,
};

const ONLY_BY_NAME: ReadonlySet<string> = new Set(["run", "soak", "syncBig"]);

async function main(names: string[]): Promise<void> {
  const chosen = names.length > 0 ? names : Object.keys(benches).filter((name) => !ONLY_BY_NAME.has(name));
  for (const name of chosen) {
    const bench = benches[name];
    if (!bench) throw new Error(`There is no bench ${name}. There are: ${Object.keys(benches).join(", ")}.`);
    printTable(name, await bench());
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

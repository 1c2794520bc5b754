import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { join } from "node:path";

import { codeOf } from "../base/errors";
import type { Baseline, BaselineKey, BaselineStore } from "./baseline";
import { checkedPaths, checks } from "./checks";
import type { FolderEntry } from "./folderEntry";
import { inventoryScript, parseInventory } from "./inventory";
import type { Cargo, Packed } from "./pack";
import type { Conflict, FolderSize } from "./pushRequest";
import { keptName, type Verb } from "./receiver";
import { isEmpty, recognize, reconcile, type Entries, type Plan } from "./reconcile";
import type { Scan } from "./scan";
import type { PlanSummary } from "./syncCalls";

interface Receipt {
  readonly generation: string;
  readonly stamp: string;
  readonly report: string;
}

/** One scan of a folder, and what becomes of it in each target. */
export class PushSession {
  readonly root: string;
  readonly #scan: Scan;
  readonly #baselines: BaselineStore;
  readonly #targets: Target[];
  readonly #packed = new Map<number, Packed>();

  /** @param root links resolved */
  constructor(root: string, scan: Scan, keys: readonly BaselineKey[], baselines: BaselineStore) {
    this.root = root;
    this.#scan = scan;
    this.#baselines = baselines;
    this.#targets = keys.map((key) => {
      const baseline = baselines.get(key);
      return { key, baseline, plan: this.#reconcile(baseline?.entries ?? NOTHING) };
    });
  }

  get plans(): PlanSummary[] {
    return this.#targets.map((target) => this.#summary(target));
  }

  cargoFor(index: number): Cargo {
    const { plan, baseline } = this.#target(index);
    const entries: FolderEntry[] = [...plan.around];
    for (const { entry } of plan.send) entries.push(entry);
    return { entries, checks: baseline ? checks(plan) : "" };
  }

  keepPacked(stream: number, packed: Packed, targets: readonly number[]): void {
    this.#packed.set(stream, packed);
    for (const index of targets) this.#baselines.send(this.#target(index).key, packed.sent);
  }

  /** The script that asks the sandbox for everything that it may have from here. */
  ask(index: number): string {
    const paths = new Set(this.#scan.entries.map(({ path }) => path));
    const { key, baseline } = this.#target(index);
    for (const path of baseline?.entries.keys() ?? []) paths.add(path);
    for (const { path } of this.#baselines.unconfirmed(key) ?? []) paths.add(path);
    return inventoryScript([...paths]);
  }

  replan(index: number, output: string): PlanSummary {
    const target = this.#target(index);
    const { generation, stats } = parseInventory(output);
    const outdated = target.baseline?.entries.values() ?? [];
    // Where several fit, an edit within a second may be in between: the older one has the file sent again.
    const candidates = [...this.#scan.entries, ...(this.#baselines.unconfirmed(target.key) ?? []), ...outdated];
    const entries = recognize(candidates, stats);
    target.baseline = { generation, entries };
    target.plan = this.#reconcile(entries);
    if (isEmpty(target.plan) && generation !== "") this.#baselines.put(target.key, target.baseline);
    return this.#summary(target);
  }

  /** @param receipt what the receiver was told and what it printed */
  confirm(index: number, stream: number, { generation, stamp, report }: Receipt): Conflict[] {
    const target = this.#target(index);
    const { plan, key } = target;
    const entries = new Map<string, FolderEntry>();
    const sending = new Set(plan.send.map(({ entry }) => entry.path));
    for (const entry of this.#scan.entries) if (!sending.has(entry.path)) entries.set(entry.path, entry);
    for (const entry of this.#packed.get(stream)?.sent ?? []) entries.set(entry.path, entry);
    // What is not named any more, yet not gone either, is the sandbox's from here on; what cannot be read stays ours.
    for (const { path } of this.#scan.skipped) this.#retain(target.baseline, path, entries);
    target.baseline = { generation, entries };
    this.#baselines.put(key, target.baseline);
    return conflictsIn(report, plan, stamp);
  }

  #retain(before: Baseline | undefined, path: string, entries: Map<string, FolderEntry>): void {
    const known = before?.entries.get(path);
    if (!before || !known) return;
    entries.set(path, known);
    if (known.kind !== "directory") return;
    for (const entry of before.entries.values()) if (entry.path.startsWith(`${path}/`)) entries.set(entry.path, entry);
  }

  #target(index: number): Target {
    const target = this.#targets[index];
    if (!target) throw new Error(`There is no target ${index}.`);
    return target;
  }

  #reconcile(known: Entries): Plan {
    return reconcile(this.#scan.entries, known, (path) => isGone(join(this.root, path)));
  }

  #summary({ key, plan, baseline }: Target): PlanSummary {
    // A push that broke off may have left its mark and its rubbish.
    const isCertain = baseline !== undefined && baseline.generation !== "" && !this.#baselines.unconfirmed(key);
    return {
      digest: digest(plan),
      isEmpty: isEmpty(plan) && isCertain,
      files: plan.files,
      bytes: plan.bytes,
      deletes: plan.delete.length,
      known: baseline?.entries.size,
      generation: baseline?.generation ?? "",
      skipped: this.#scan.skipped,
      biggest: biggest(plan),
    };
  }
}

interface Target {
  readonly key: BaselineKey;
  baseline: Baseline | undefined;
  plan: Plan;
}

const NOTHING: Entries = new Map();

function isGone(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
  }
}

/** The same for plans that make the same archive. */
function digest(plan: Plan): string {
  const hash = createHash("sha1");
  for (const { entry, known } of plan.send) hash.update(`${entry.path}\0${known ? JSON.stringify(known) : ""}\0`);
  for (const entry of plan.delete) hash.update(JSON.stringify(entry));
  return hash.digest("hex");
}

/** The top-level names that the most bytes are in. */
function biggest(plan: Plan): FolderSize[] {
  const sizes = new Map<string, { path: string; files: number; bytes: number }>();
  for (const { entry } of plan.send) {
    if (entry.kind !== "file") continue;
    const path = entry.path.split("/", 1)[0] ?? "";
    const size = sizes.get(path) ?? { path, files: 0, bytes: 0 };
    size.files += 1;
    size.bytes += entry.size;
    sizes.set(path, size);
  }
  return [...sizes.values()].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
}

function conflictsIn(report: string, plan: Plan, stamp: string): Conflict[] {
  const found = [...report.matchAll(/^(left|kept|aside) (\d+)$/gm)];
  if (found.length === 0) return [];
  const paths = checkedPaths(plan);
  return found.flatMap(([, verb = "left", number]) => {
    const path = paths[Number(number)];
    return path === undefined ? [] : [{ path, keptAs: keptName(path, verb as Verb, Number(number), stamp) }];
  });
}

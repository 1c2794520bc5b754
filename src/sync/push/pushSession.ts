import { lstatSync } from "node:fs";
import { join } from "node:path";

import { codeOf } from "../../base/errors";
import type { AcceptedRulesStore } from "../rules/acceptedRules";
import type { BaselineKey, BaselineStore } from "../folder/baseline";
import type { Baseline } from "../folder/baselineFile";
import { checks, placingOf } from "../folder/checks";
import { confirmRecognized, confirmSent } from "../folder/confirmed";
import { directoryModes } from "../folder/directoryModes";
import { listExcluded } from "../rules/excluded";
import type { FolderEntry } from "../folder/folderEntry";
import { inventoryScript, parseInventory, type Inventory } from "../folder/inventory";
import type { Cargo, Packed } from "../archive/pack";
import { biggestOf, digestOf } from "./planSummary";
import { countChanges, previewChanges, type PushPreview } from "./preview";
import type { Conflict, PushKey } from "./pushRequest";
import { noteImage, noteRenamed } from "../pull/pullBaselines";
import { ListingParser } from "../remote/remoteListing";
import { PushRules } from "./pushRules";
import { conflictsIn, pushedAtIn, type Receipt } from "./receipt";
import { isEmpty, recognize, reconcile, type Entries, type Plan } from "./reconcile";
import type { RulesChange } from "../rules/rulesChange";
import type { Scan } from "../folder/scan";
import type { PlanSummary } from "../worker/syncCalls";
import { TakenOutputs } from "../pull/takenOutputs";

interface PushSessionOptions {
  /** With links resolved. */
  readonly root: string;
  readonly scan: Scan;
  readonly keys: readonly PushKey[];
  readonly baselines: BaselineStore;
  readonly accepted: AcceptedRulesStore;
}

/** One scan of a folder, and the plan for each target. */
export class PushSession {
  readonly root: string;
  readonly #scan: Scan;
  readonly #baselines: BaselineStore;
  readonly #rules: PushRules;
  readonly #targets: Target[];
  readonly #packed = new Map<number, Packed>();
  /** The entries that each target of a stream has once it has received the stream. */
  readonly #pushed = new Map<number, Entries>();

  constructor({ root, scan, keys, baselines, accepted }: PushSessionOptions) {
    this.root = root;
    this.#scan = scan;
    this.#baselines = baselines;
    this.#rules = new PushRules(root, scan, accepted);
    // Targets that took the same stream have the same entries.
    const plans = new Map<Entries, Plan>();
    this.#targets = keys.map(({ isFresh = false, ...key }) => {
      const baseline = baselines.get(key);
      const known = baseline?.entries ?? NOTHING;
      const taken = new TakenOutputs(key, baselines);
      if (taken.pulled.size > 0) {
        const held = isFresh ? new Map([...known, ...taken.pulled]) : known;
        return { key, isFresh, baseline, taken, kept: [], plan: this.#reconcileTaken(held, taken, isFresh) };
      }
      const plan = plans.get(known) ?? this.#reconcile(known);
      plans.set(known, plan);
      return { key, isFresh, baseline, taken, kept: [], plan };
    });
  }

  get plans(): PlanSummary[] {
    return this.#targets.map((target) => this.#summary(target));
  }

  /** @param indexes of targets whose plans have the same digest */
  cargoFor(indexes: readonly number[]): Cargo {
    const { plan } = this.#target(indexes[0] ?? 0);
    const sent = plan.send.map(({ entry }) => entry);
    const placing = placingOf(plan);
    // Moving entries into a folder does not change its mode, unless the folder must be made writable first.
    const touched = placing === "link" ? plan.around : plan.around.filter(({ mode }) => (mode & 0o700) !== 0o700);
    return {
      entries: placing === "none" ? [] : [...plan.around, ...sent],
      checks: indexes.map((index) => checksOf(this.#target(index))),
      modes: directoryModes([...touched, ...sent]),
    };
  }

  keepPacked(stream: number, packed: Packed, targets: readonly number[]): void {
    this.#packed.set(stream, packed);
    for (const index of targets) this.#baselines.send(this.#target(index).key, packed.sent);
  }

  /** Returns the script that asks the sandbox which of these paths it has. */
  ask(index: number): string {
    const paths = new Set(this.#scan.entries.map(({ path }) => path));
    const { key, baseline, taken, isFresh } = this.#target(index);
    if (isFresh) for (const path of taken.pulled.keys()) paths.add(path);
    for (const path of baseline?.entries.keys() ?? []) paths.add(path);
    for (const { path } of this.#baselines.unconfirmed(key) ?? []) paths.add(path);
    return inventoryScript([...paths]);
  }

  noteImage(index: number, listing: string): void {
    const parser = new ListingParser();
    parser.write(Buffer.from(listing));
    if (parser.isComplete && !parser.isTooMuch) noteImage(this.#target(index).key, parser.entries, this.#baselines);
  }

  replan(index: number, output: string): PlanSummary {
    const target = this.#target(index);
    const inventory = parseInventory(output);
    const { generation } = inventory;
    const entries = this.#recognize(target, inventory);
    const unconfirmed = this.#baselines.unconfirmed(target.key) ?? [];
    const confirmed = confirmRecognized(target.baseline, { entries, unconfirmed, inventory });
    target.baseline = { generation, entries, confirmed };
    target.plan = this.#reconcileTaken(entries, target.taken, target.isFresh);
    if (isEmpty(target.plan) && generation !== "") this.#baselines.put(target.key, target.baseline);
    return this.#summary(target);
  }

  /**
   * Returns what a push would do.
   * @param output the sandbox's report, if it was asked
   */
  preview(index: number, output: string | undefined): PushPreview {
    const target = this.#target(index);
    const before = target.baseline?.entries ?? NOTHING;
    const inventory = output === undefined ? undefined : parseInventory(output);
    const ours = inventory && this.#recognize(target, inventory);
    const isDrifted = inventory?.generation !== target.baseline?.generation || !this.#isCertain(target);
    const plan = ours && isDrifted ? this.#reconcile(ours) : target.plan;
    const isGoneHere = (path: string) => isGone(join(this.root, path));
    const changes = previewChanges({ plan, before, remote: inventory && ours && { ...inventory, ours }, isGoneHere });
    return {
      changes: changes.slice(0, MOST_CHANGES),
      changeCount: changes.length,
      counts: countChanges(changes),
      files: plan.files,
      bytes: plan.bytes,
      skipped: this.#scan.skipped,
      excluded: listExcluded(this.root),
    };
  }

  /** Keeps the conflicts of an incomplete push for `confirm`. */
  noteKept(index: number, { stamp, report }: Pick<Receipt, "stamp" | "report">): void {
    const { kept, plan } = this.#target(index);
    kept.push(...conflictsIn(report, plan, stamp));
  }

  /** @param receipt the receiver's arguments and output */
  confirm(index: number, stream: number, { generation, stamp, report }: Receipt): Conflict[] {
    const target = this.#target(index);
    const { plan, key } = target;
    const pushed = this.#pushed.get(stream) ?? this.#entriesAfter(plan, stream);
    this.#pushed.set(stream, pushed);
    // Known entries that the scan excludes now but that still exist belong to the sandbox from here on; those that
    // could not be read stay in the baseline.
    const retained = this.#scan.skipped.flatMap(({ path }) => retain(target.baseline, path));
    const entries = retained.length === 0 ? pushed : new Map([...pushed, ...retained]);
    const sent = plan.send.map(({ entry }) => entry.path);
    const pushedAt = pushedAtIn(report);
    // The earlier times are useless if every file has a different ctime since.
    const before = /^copied$/m.test(report) ? undefined : target.baseline;
    target.baseline = { generation, entries, confirmed: confirmSent(before, sent, pushedAt) };
    this.#baselines.put(key, target.baseline);
    if (target.isFresh) target.taken.clearPulled();
    else target.taken.drop(sent);
    this.#rules.accept();
    const conflicts = [...target.kept, ...conflictsIn(report, plan, stamp)];
    noteRenamed(
      key,
      conflicts.filter(({ path, keptAs }) => path !== keptAs),
      pushedAt,
      this.#baselines,
    );
    return conflicts;
  }

  pendingRules(index: number): RulesChange[] {
    return this.#rules.changesIn(this.#target(index).plan);
  }

  /** Call it once the user has accepted the rules' changes for this target. */
  acceptRules(index: number): void {
    this.#rules.acceptChangesIn(this.#target(index).plan);
  }

  #entriesAfter({ send }: Plan, stream: number): Entries {
    const entries = new Map<string, FolderEntry>();
    const sending = new Set(send.map(({ entry }) => entry.path));
    for (const entry of this.#scan.entries) if (!sending.has(entry.path)) entries.set(entry.path, entry);
    for (const entry of this.#packed.get(stream)?.sent ?? []) entries.set(entry.path, entry);
    return entries;
  }

  #target(index: number): Target {
    const target = this.#targets[index];
    if (!target) throw new Error(`There is no target ${index}.`);
    return target;
  }

  /** Returns the sandbox's files that are unchanged since they were pushed or pulled. */
  #recognize({ key, baseline, taken, isFresh }: Target, { stats }: Inventory): Entries {
    const outdated = baseline?.entries.values() ?? [];
    const unconfirmed = this.#baselines.unconfirmed(key) ?? [];
    // If several match, an edit within a second may have happened in between: the older entry makes sure that the file
    // is pushed again.
    const candidates = [...this.#scan.entries, ...unconfirmed, ...outdated, ...(isFresh ? taken.pulled.values() : [])];
    return recognize(candidates, stats);
  }

  /** False after an incomplete push, which may have left its marker and temporary files. */
  #isCertain({ key, baseline }: Target): boolean {
    return baseline !== undefined && baseline.generation !== "" && !this.#baselines.unconfirmed(key);
  }

  #reconcile(known: Entries, isGoneHere = (path: string) => isGone(join(this.root, path))): Plan {
    return reconcile(this.#scan.entries, known, isGoneHere);
  }

  /** Entries that were pulled to another path may be overwritten in the sandbox, or deleted for a fresh start. */
  #reconcileTaken(known: Entries, { pulled }: TakenOutputs, isFresh: boolean): Plan {
    if (isFresh) return this.#reconcile(known, (path) => pulled.has(path) || isGone(join(this.root, path)));
    const plan = this.#reconcile(known);
    const send = plan.send.map(({ entry, known: before }) => {
      const taken = pulled.get(entry.path);
      return { entry, known: taken?.kind === entry.kind ? taken : before };
    });
    return { ...plan, send };
  }

  #summary(target: Target): PlanSummary {
    const { plan, baseline, taken } = target;
    const { pulled } = taken;
    return {
      digest: digestOf(plan),
      isEmpty: isEmpty(plan) && this.#isCertain(target),
      files: plan.files,
      bytes: plan.bytes,
      // Pulled entries are not lost.
      deletes: plan.delete.filter(({ path }) => !pulled.has(path)).length,
      known: baseline?.entries.size,
      generation: baseline?.generation ?? "",
      skipped: this.#scan.skipped,
      biggest: biggestOf(plan),
      rules: this.#rules.changesIn(plan),
    };
  }
}

interface Target {
  readonly key: BaselineKey;
  readonly isFresh: boolean;
  readonly taken: TakenOutputs;
  /** Entries that incomplete attempts moved aside. */
  readonly kept: Conflict[];
  baseline: Baseline | undefined;
  plan: Plan;
}

const checksOf = ({ plan, baseline }: Target): string => (baseline ? checks(plan, baseline.confirmed) : "");

const NOTHING: Entries = new Map();

/** Nobody reads more, and it is slow to show. */
const MOST_CHANGES = 5000;

function isGone(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
  }
}

/** Returns the known entries of a path and everything below it. */
function retain(before: Baseline | undefined, path: string): (readonly [string, FolderEntry])[] {
  const known = before?.entries.get(path);
  if (!before || !known) return [];
  const below = known.kind === "directory" ? [...before.entries].filter(([inner]) => inner.startsWith(`${path}/`)) : [];
  return [[path, known], ...below];
}

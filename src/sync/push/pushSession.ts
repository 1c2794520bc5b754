import { lstatSync } from "node:fs";
import { join } from "node:path";

import { codeOf } from "../../base/errors";
import type { AcceptedRulesStore } from "../rules/acceptedRules";
import type { BaselineKey, BaselineStore } from "../folder/baseline";
import type { Baseline } from "../folder/baselineFile";
import { checks, placingOf } from "../folder/checks";
import { confirmSent, type Confirmed } from "../folder/confirmed";
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
  /** Links resolved. */
  readonly root: string;
  readonly scan: Scan;
  readonly keys: readonly PushKey[];
  readonly baselines: BaselineStore;
  readonly accepted: AcceptedRulesStore;
}

/** One scan of a folder, and what becomes of it in each target. */
export class PushSession {
  readonly root: string;
  readonly #scan: Scan;
  readonly #baselines: BaselineStore;
  readonly #rules: PushRules;
  readonly #targets: Target[];
  readonly #packed = new Map<number, Packed>();
  /** By stream: what each of its targets holds once it has taken it. */
  readonly #delivered = new Map<number, Entries>();

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
    // What is moved into a folder leaves its mode alone, unless the folder must be opened for that.
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

  /** The script that asks the sandbox for everything that it may have from here. */
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
    target.baseline = { generation, entries, confirmed: this.#recognizedAt(target, inventory) };
    target.plan = this.#reconcileTaken(entries, target.taken, target.isFresh);
    if (isEmpty(target.plan) && generation !== "") this.#baselines.put(target.key, target.baseline);
    return this.#summary(target);
  }

  /** What a push would do. @param output what the sandbox says that it holds, if it was asked */
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

  /** Remembers for `confirm` what a push set aside before it broke off. */
  noteKept(index: number, { stamp, report }: Pick<Receipt, "stamp" | "report">): void {
    const { kept, plan } = this.#target(index);
    kept.push(...conflictsIn(report, plan, stamp));
  }

  /** @param receipt what the receiver was told and what it printed */
  confirm(index: number, stream: number, { generation, stamp, report }: Receipt): Conflict[] {
    const target = this.#target(index);
    const { plan, key } = target;
    const delivered = this.#delivered.get(stream) ?? this.#deliver(plan, stream);
    this.#delivered.set(stream, delivered);
    // What is not named any more, yet not gone either, is the sandbox's from here on; what cannot be read stays ours.
    const retained = this.#scan.skipped.flatMap(({ path }) => retain(target.baseline, path));
    const entries = retained.length === 0 ? delivered : new Map([...delivered, ...retained]);
    const sent = plan.send.map(({ entry }) => entry.path);
    const pushedAt = pushedAtIn(report);
    // The times of before are of no use if every file has got another ctime since.
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

  /** Call it once the user has let this target have what the rules' changes are about. */
  acceptRules(index: number): void {
    this.#rules.acceptChangesIn(this.#target(index).plan);
  }

  #deliver({ send }: Plan, stream: number): Entries {
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

  /** What of a sandbox's files is as it was sent or received. */
  #recognize({ key, baseline, taken, isFresh }: Target, { stats }: Inventory): Entries {
    const outdated = baseline?.entries.values() ?? [];
    const unconfirmed = this.#baselines.unconfirmed(key) ?? [];
    // Where several fit, an edit within a second may be in between: the older one has the file sent again.
    const candidates = [...this.#scan.entries, ...unconfirmed, ...outdated, ...(isFresh ? taken.pulled.values() : [])];
    return recognize(candidates, stats);
  }

  /** What broke off may have been placed since the last push that ended. */
  #recognizedAt({ key, baseline }: Target, { stats, latestChange }: Inventory): Confirmed | undefined {
    const at = baseline?.confirmed?.at ?? latestChange;
    if (at === undefined) return undefined;
    const later = new Map(baseline?.confirmed?.later);
    for (const { path } of this.#baselines.unconfirmed(key) ?? []) {
      const ctime = stats.get(path)?.ctime;
      if (ctime !== undefined) later.set(path, ctime);
    }
    return { at, later };
  }

  /** A push that broke off may have left its mark and its rubbish. */
  #isCertain({ key, baseline }: Target): boolean {
    return baseline !== undefined && baseline.generation !== "" && !this.#baselines.unconfirmed(key);
  }

  #reconcile(known: Entries, isGoneHere = (path: string) => isGone(join(this.root, path))): Plan {
    return reconcile(this.#scan.entries, known, isGoneHere);
  }

  /** What a pull has brought here under another path may be overwritten in the sandbox, or deleted to begin afresh. */
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
      // What a pull has brought here is not lost.
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
  /** Set aside by attempts that broke off. */
  readonly kept: Conflict[];
  baseline: Baseline | undefined;
  plan: Plan;
}

const checksOf = ({ plan, baseline }: Target): string => (baseline ? checks(plan, baseline.confirmed) : "");

const NOTHING: Entries = new Map();

/** More is read by nobody, and slow to show. */
const MOST_CHANGES = 5000;

function isGone(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
  }
}

/** What was known of a path and of all below it. */
function retain(before: Baseline | undefined, path: string): (readonly [string, FolderEntry])[] {
  const known = before?.entries.get(path);
  if (!before || !known) return [];
  const below = known.kind === "directory" ? [...before.entries].filter(([inner]) => inner.startsWith(`${path}/`)) : [];
  return [[path, known], ...below];
}

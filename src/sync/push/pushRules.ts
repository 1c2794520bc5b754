import type { Scan } from "../folder/scan";
import type { AcceptedRulesStore } from "../rules/acceptedRules";
import { acceptedOf, isSame, rulesChanges, secretLinesFor, spellLine, type RulesChange } from "../rules/rulesChange";
import type { Plan } from "./reconcile";

/** The rules that one scan found in a folder, and how they differ from those that the user has accepted. */
export class PushRules {
  readonly #root: string;
  readonly #scan: Scan;
  readonly #accepted: AcceptedRulesStore;

  constructor(root: string, scan: Scan, accepted: AcceptedRulesStore) {
    this.#root = root;
    this.#scan = scan;
    this.#accepted = accepted;
  }

  /** Returns the changes by which a plan would send more than the user knows of. */
  changesIn({ send }: Plan): RulesChange[] {
    if (send.length === 0) return [];
    const sent = send.map(({ entry }) => entry);
    const asked = this.#accepted.askedFor(this.#root);
    return rulesChanges({ scan: this.#scan, sent, asked }, this.#accepted.get(this.#root));
  }

  acceptChangesIn(plan: Plan): void {
    this.accept(this.changesIn(plan).flatMap((change) => (change.kind === "secret" ? [spellLine(change)] : [])));
  }

  /** Takes the rules of the scan for accepted, and with them more lines that let secrets through. */
  accept(more: readonly string[] = []): void {
    const { rules } = this.#scan;
    const accepted = this.#accepted.get(this.#root);
    const asked = this.#accepted.askedFor(this.#root);
    if (accepted && more.length + asked.size === 0 && isSame(accepted, rules)) return;
    const lines = [
      ...(accepted?.secretLines ?? []),
      ...more,
      ...(asked.size > 0 ? secretLinesFor(this.#scan, asked) : []),
    ];
    this.#accepted.put(this.#root, acceptedOf(rules, lines));
  }
}

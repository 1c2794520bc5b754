import type { Scan } from "../folder/scan";
import type { AcceptedRulesStore } from "../rules/acceptedRules";
import { acceptedOf, isSame, rulesChanges, secretLinesFor, spellLine, type RulesChange } from "../rules/rulesChange";
import type { Plan } from "./reconcile";

/** The rules that a scan found in a folder, compared with those that the user has accepted. */
export class PushRules {
  readonly #root: string;
  readonly #scan: Scan;
  readonly #accepted: AcceptedRulesStore;

  constructor(root: string, scan: Scan, accepted: AcceptedRulesStore) {
    this.#root = root;
    this.#scan = scan;
    this.#accepted = accepted;
  }

  /** Returns the changes that make a plan push more than the user has accepted. */
  changesIn({ send }: Plan): RulesChange[] {
    if (send.length === 0) return [];
    const sent = send.map(({ entry }) => entry);
    const asked = this.#accepted.askedFor(this.#root);
    return rulesChanges({ scan: this.#scan, sent, asked }, this.#accepted.get(this.#root));
  }

  acceptChangesIn(plan: Plan): void {
    this.accept(this.changesIn(plan).flatMap((change) => (change.kind === "secret" ? [spellLine(change)] : [])));
  }

  /** Records the scan's rules as accepted, and additional lines that include secrets. */
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

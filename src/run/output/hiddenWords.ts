import { isWords } from "../../base/guards";
import type { EnvVault } from "../../sandboxes/ownership/envVault";
import { maskSecrets } from "./maskSecrets";

/** Program arguments, or several lists of them. */
export type WordLists = readonly (readonly string[])[];

/** True if any word looks like a secret. Records on disk then contain the masked words. */
export const holdSecrets = (lists: WordLists): boolean =>
  lists.some((words) => maskSecrets(words).some((masked, index) => masked !== words[index]));

/** Stores words that are masked in records on disk, so that their program can run again. */
export class HiddenWords {
  readonly #vault: EnvVault;

  constructor(vault: EnvVault) {
    this.#vault = vault;
  }

  /** @param owner identifies the record */
  async keep(owner: string, lists: WordLists): Promise<void> {
    if (!holdSecrets(lists)) return;
    const entries = lists.map((words, index) => [String(index), JSON.stringify(words)] as const);
    await this.#vault.keep(keyOf(owner), Object.fromEntries(entries));
  }

  /** Returns the lists as they were stored, `undefined` if they are no longer available. */
  async of(owner: string): Promise<WordLists | undefined> {
    const kept = await this.#vault.of(keyOf(owner));
    const lists = Object.values(kept).map((text): unknown => JSON.parse(text));
    return lists.length > 0 && lists.every(isWords) ? lists : undefined;
  }

  async forget(owner: string): Promise<void> {
    await this.#vault.forget(keyOf(owner));
  }
}

const keyOf = (owner: string) => `arguments of ${owner}`;

import type { StoredObject } from "../../modal/storageRpc";
import { OBJECT_NAME } from "../../sandboxes/spec/specReaders";
import { askForText, askInDialog, pickOne } from "../outsideText";
import { withViewProgress } from "../progress";

/** The properties that volumes and secrets have in common. */
export interface StoredKind {
  readonly noun: "volume" | "secret";
  /** In Title Case. */
  readonly title: "Volume" | "Secret";
  readonly viewId: string;
  readonly store: {
    list(signal: AbortSignal): Promise<readonly StoredObject[]>;
    delete(name: string, signal: AbortSignal): Promise<void>;
  };
  /** The prompt for a name, and an example of one. */
  readonly prompt: string;
  readonly example: string;
  /** Says what is lost by deleting one. */
  readonly loss: string;
}

const LIST_MS = 30_000;

/** Asks for a name that is not taken. Returns `undefined` if the user dismissed it. */
export async function askNewName({ noun, title, store, prompt, example }: StoredKind): Promise<string | undefined> {
  const known = (await store.list(AbortSignal.timeout(LIST_MS))).map(({ name }) => name);
  const entered = await askForText({
    title: `Create ${title}`,
    prompt,
    placeHolder: example,
    ignoreFocusOut: true,
    validateInput: (value) => {
      if (known.includes(value.trim())) return `There is already a ${noun} with this name`;
      return OBJECT_NAME.test(value.trim()) ? undefined : "Use up to 64 letters, digits, dashes, dots and underscores";
    },
  });
  return entered?.trim();
}

export async function pickStored({ noun, title, store }: StoredKind, verb: string): Promise<StoredObject | undefined> {
  const list = store.list(AbortSignal.timeout(LIST_MS));
  const items = list.then((found) => found.map((object) => ({ label: object.name, object })));
  const picked = await pickOne(items, { title: `${verb} ${title}`, placeHolder: `Which ${noun}?` });
  return picked?.object;
}

/** Asks, then deletes the clicked object with all others in the selection, or one that the user picks. */
export async function deleteStored(
  kind: StoredKind,
  clicked: StoredObject | undefined,
  selected: readonly StoredObject[] | undefined,
): Promise<void> {
  const chosen = selected ?? [clicked ?? (await pickStored(kind, "Delete"))];
  const names = chosen.flatMap((object) => (object ? [object.name] : []));
  if (names.length === 0) return;
  const what = names.length === 1 ? `the ${kind.noun} ${names.join("")}` : `${names.length} ${kind.noun}s`;
  const answer = await askInDialog(`Delete ${what}?`, `${names.join(", ")}: ${kind.loss}`, "Delete");
  if (answer !== "Delete") return;
  await withViewProgress(kind.viewId, async (signal) => {
    for (const name of names) await kind.store.delete(name, signal);
  });
}

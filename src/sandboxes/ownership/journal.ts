import { join } from "node:path";
import { isObject } from "../../base/guards";
import { RecordFolder } from "../../base/recordFolder";
import { readMaking, type Making } from "../spec/savedSpec";

/**
 * What is on disk of each sandbox from before it is created until it is known to be gone, so that none is lost track of
 * whatever happens in between.
 */
export interface JournalEntry {
  /** Unique, and the sandbox's name on the server. */
  readonly name: string;
  /** Absent until the server's answer arrived. */
  readonly id?: string;
  /** The window that holds it. */
  readonly windowId: string;
  /** Which account, environment and app it is in: another one's list says nothing about it. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** It was given up or is being terminated: whoever finds it ends it. */
  readonly isDoomed?: boolean;
  /** Absent for one that was made elsewhere. */
  readonly making?: Making;
  /** Modal keeps its files when it ends. */
  readonly hasExitSnapshot?: boolean;
}

export const openJournal = (folder: string): RecordFolder<JournalEntry> =>
  new RecordFolder(join(folder, "journal"), parseEntry);

function parseEntry(value: unknown): JournalEntry | undefined {
  if (!isObject(value)) return undefined;
  const fields: Partial<Record<keyof JournalEntry, unknown>> = value;
  const { name, id, windowId, scope, createdAt, isDoomed, hasExitSnapshot } = fields;
  if (typeof name !== "string" || typeof windowId !== "string") return undefined;
  if (typeof scope !== "string" || typeof createdAt !== "number") return undefined;
  const making = readMaking(fields.making);
  return {
    name,
    windowId,
    scope,
    createdAt,
    ...(typeof id === "string" && { id }),
    ...(isDoomed === true && { isDoomed }),
    ...(making && { making }),
    ...(hasExitSnapshot === true && { hasExitSnapshot }),
  };
}

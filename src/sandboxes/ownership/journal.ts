import { join } from "node:path";
import { isObject } from "../../base/guards";
import { RecordFolder } from "../../base/recordFolder";
import { readMaking, type Making } from "../spec/savedSpec";

/**
 * The record of a sandbox, on disk from before it is created until it is known to be gone, so that it cannot get lost
 * in between.
 */
export interface JournalEntry {
  /** Unique, and the sandbox's name on the server. */
  readonly name: string;
  /** Absent until the server has answered. */
  readonly id?: string;
  /** The window that holds it. */
  readonly windowId: string;
  /** The account, environment and app. A list from another scope says nothing about the sandbox. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The sandbox was abandoned or is being terminated: any window that finds it terminates it. */
  readonly isMarkedForTermination?: boolean;
  /** Absent if the sandbox was created elsewhere. */
  readonly making?: Making;
  /** True if Modal keeps the sandbox's files when it ends. */
  readonly hasExitSnapshot?: boolean;
}

export const openJournal = (folder: string): RecordFolder<JournalEntry> =>
  new RecordFolder(join(folder, "journal"), parseEntry);

function parseEntry(value: unknown): JournalEntry | undefined {
  if (!isObject(value)) return undefined;
  const fields: Partial<Record<keyof JournalEntry, unknown>> = value;
  const { name, id, windowId, scope, createdAt, isMarkedForTermination, hasExitSnapshot } = fields;
  if (typeof name !== "string" || typeof windowId !== "string") return undefined;
  if (typeof scope !== "string" || typeof createdAt !== "number") return undefined;
  const making = readMaking(fields.making);
  return {
    name,
    windowId,
    scope,
    createdAt,
    ...(typeof id === "string" && { id }),
    ...(isMarkedForTermination === true && { isMarkedForTermination }),
    ...(making && { making }),
    ...(hasExitSnapshot === true && { hasExitSnapshot }),
  };
}

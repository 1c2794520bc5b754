import { STAGING_PREFIX, SYNC_MARKER } from "../rules/builtinExcludes";
import { MARK, MARK_TEXT, MODES, TREE } from "../archive/archiveLayout";
import RECEIVER from "./receiver.sh";

/** The exit codes of receiver.sh. Every one but `notInPlace` leaves the target as it was. */
export const ReceiverExit = {
  noTar: 41,
  noTarget: 42,
  notUnpacked: 43,
  cut: 44,
  notInPlace: 45,
  drifted: 46,
  noGzip: 47,
} as const;

export interface Delivery {
  readonly remotePath: string;
  /** What the target's marker must say: of no push, if "". */
  readonly expected: string;
  /** Whether there must not be anything in the target at all. */
  readonly isFirst: boolean;
  /** What the marker says afterwards. */
  readonly generation: string;
  /** Ends the names under which the receiver sets aside what it must not overwrite: `keptName`. */
  readonly stamp: string;
  /** The name of the target's checks in the stream. */
  readonly checks: string;
  /** Whether the stream comes through gzip. */
  readonly isCompressed: boolean;
}

/**
 * The command that takes a push's tar stream on its input and makes it the content of the target. It prints a line for
 * each of `checkedPaths` that is not what it was expected to be: `left N` is still there although it was to be deleted,
 * `kept N` and `aside N` made way for what was sent and are now called `keptName`. The last line is `at` and the time when
 * the push ended, by the sandbox's clock, if it can say that.
 */
export const receiverCommand = (delivery: Delivery): string[] => {
  const { remotePath, expected, isFirst, generation, stamp, checks, isCompressed } = delivery;
  const format = isCompressed ? "gzip" : "plain";
  return [
    ...["sh", "-c", RECEIVER, "sh"],
    ...[remotePath, isFirst ? "first" : "next", expected, generation, stamp, format],
    ...[SYNC_MARKER, STAGING_PREFIX, TREE, checks, MODES, MARK, MARK_TEXT],
  ];
};

export type Verb = "left" | "kept" | "aside";

/** Where a path is now. A name that would be too long with an ending gets another one altogether. */
export function keptName(path: string, verb: Verb, index: number, stamp: string): string {
  if (verb === "left") return path;
  if (verb === "kept") return `${path}.sandbox-${stamp}`;
  return `${path.slice(0, path.lastIndexOf("/") + 1)}sandbox-${stamp}-${index}`;
}

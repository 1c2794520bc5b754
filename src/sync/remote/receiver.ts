import { STAGING_PREFIX, SYNC_MARKER } from "../rules/builtinExcludes";
import { MARK, MARK_TEXT, MODES, TREE } from "../archive/archiveLayout";
import RECEIVER from "./receiver.sh";

/** The exit codes of receiver.sh. All but `notInPlace` leave the target unchanged. */
export const ReceiverExit = {
  noTar: 41,
  noTarget: 42,
  notUnpacked: 43,
  cut: 44,
  notInPlace: 45,
  drifted: 46,
  noGzip: 47,
} as const;

export interface ReceiverOptions {
  readonly remotePath: string;
  /** The expected content of the target's marker; "" if there has been no push. */
  readonly expected: string;
  /** True if the target must be empty. */
  readonly isFirst: boolean;
  /** The content of the marker afterwards. */
  readonly generation: string;
  /** The suffix of the names that the receiver gives to files that it must not overwrite: `keptName`. */
  readonly stamp: string;
  /** The name of the target's checks in the stream. */
  readonly checks: string;
  /** True if the stream is compressed with gzip. */
  readonly isCompressed: boolean;
}

/**
 * Returns the command that reads a push's tar stream and puts its content into the target. It prints a line for each of
 * `checkedPaths` whose entry is not as expected: `left N` still exists although it should have been deleted; `kept N`
 * and `aside N` made way for pushed entries and are now called `keptName`. The last line is `at` and the time when the
 * push ended, by the sandbox's clock, if it can report that.
 */
export const receiverCommand = (options: ReceiverOptions): string[] => {
  const { remotePath, expected, isFirst, generation, stamp, checks, isCompressed } = options;
  const format = isCompressed ? "gzip" : "plain";
  return [
    ...["sh", "-c", RECEIVER, "sh"],
    ...[remotePath, isFirst ? "first" : "next", expected, generation, stamp, format],
    ...[SYNC_MARKER, STAGING_PREFIX, TREE, checks, MODES, MARK, MARK_TEXT],
  ];
};

export type Verb = "left" | "kept" | "aside";

/** Returns the new place of a path. A name that would be too long with a suffix is replaced completely. */
export function keptName(path: string, verb: Verb, index: number, stamp: string): string {
  if (verb === "left") return path;
  if (verb === "kept") return `${path}.sandbox-${stamp}`;
  return `${path.slice(0, path.lastIndexOf("/") + 1)}sandbox-${stamp}-${index}`;
}

import { formatBytes, plural } from "../../base/format";
import { UserError } from "../../base/errors";
import type { RootProblem } from "../folder/folderRoot";
import type { PullOutcome } from "./pullMessages";
import { ListerExit } from "../remote/remoteListing";
import { SenderExit } from "../remote/remoteSender";

export const pullRefused = (root: string, problem: RootProblem): UserError =>
  new UserError(
    problem === "tooWide"
      ? `${root} is your home folder, a drive, or a folder that contains one of these. Files are never pulled into it. Open the project's own folder.`
      : `The folder ${root} does not exist or cannot be read, so nothing was pulled. Check it and pull again.`,
  );

/** Returns the reason why the lister failed; `undefined` if the exit code is 0. */
export function listerFailed(remotePath: string, exitCode: number): UserError | undefined {
  switch (exitCode) {
    case 0:
      return undefined;
    case ListerExit.noFolder:
      return new UserError(
        `${remotePath} does not exist in the sandbox, or cannot be read there. Check the path and pull again.`,
      );
    case ListerExit.noFind:
    case NOT_FOUND:
      return lacksTools();
    default:
      return stopped();
  }
}

export const listingCut = (): UserError =>
  new UserError("The sandbox's list of files was cut off, so nothing was pulled or changed here. Pull again.");

export const listingTooMuch = (remotePath: string): UserError =>
  new UserError(
    `${remotePath} has more files in the sandbox than a pull can list (500,000), so nothing was pulled. Pack or delete some of them there, or download single files.`,
  );

export const tooManyErrors = (): UserError =>
  new UserError(
    "The sandbox kept reporting errors, so the pull was stopped. Some files may be missing; those already pulled are complete. Check the permissions of the files in the sandbox.",
  );

export const listingEmpty = (remotePath: string): UserError =>
  new UserError(
    `The sandbox listed no files in ${remotePath}, although files were pushed there. Nothing was changed here. Push and run again.`,
  );

/** Returns the reason why the sender failed, or the problem with its archive; `undefined` if there is none. */
export function senderFailed({ end, files, bytes }: PullOutcome, exitCode: number): UserError | undefined {
  if (exitCode === SenderExit.noTar || exitCode === NOT_FOUND) return lacksTools();
  const progress =
    files === 0
      ? "Nothing was changed here"
      : `${plural(files, "file")} (${formatBytes(bytes)}) were pulled completely`;
  switch (end.kind) {
    case "damaged":
      return new UserError(`The sandbox sent an invalid archive. ${progress}; the rest was not pulled.`, {
        cause: end.detail,
      });
    case "tooMuch":
      return new UserError(`The sandbox sent much more than was requested, so the pull was stopped. ${progress}.`);
    case "cut":
      return new UserError(`The connection to the sandbox broke during the pull. ${progress}. Run or pull again.`, {
        cause: end.detail,
      });
    case "complete":
      return exitCode > SIGNALLED ? stopped() : undefined;
  }
}

const stopped = (): UserError =>
  new UserError("The sandbox stopped during the pull. Some files may be missing; those already pulled are complete.");

const lacksTools = (): UserError =>
  new UserError(
    "A pull needs find, stat and tar, but the sandbox's image lacks at least one of them. Add them to the image, or pick another image.",
  );

/** A shell's exit code if it cannot find a command; above 128, a signal ended the command (128 + its number). */
const NOT_FOUND = 127;
const SIGNALLED = 128;

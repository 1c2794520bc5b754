import { formatBytes, plural } from "../../base/format";
import { UserError } from "../../base/errors";
import type { RootProblem } from "../folder/folderRoot";
import type { PullOutcome } from "./pullMessages";
import { ListerExit } from "../remote/remoteListing";
import { SenderExit } from "../remote/remoteSender";

export const pullRefused = (root: string, problem: RootProblem): UserError =>
  new UserError(
    problem === "tooWide"
      ? `${root} is your home folder, a drive or a folder around them, into which no run's files are pulled.`
      : `The folder ${root} is gone or cannot be read, so nothing could be pulled into it.`,
  );

/** Why the lister gave up; `undefined` if its exit code says nothing of it. */
export function listerFailed(remotePath: string, exitCode: number): UserError | undefined {
  switch (exitCode) {
    case 0:
      return undefined;
    case ListerExit.noFolder:
      return new UserError(`${remotePath} does not exist in the sandbox, or cannot be read there.`);
    case ListerExit.noFind:
    case NOT_FOUND:
      return lacksTools();
    default:
      return stopped();
  }
}

export const listingCut = (): UserError =>
  new UserError("The sandbox's list of files broke off, so nothing was pulled. Nothing was changed here; pull again.");

export const listingTooMuch = (remotePath: string): UserError =>
  new UserError(
    `${remotePath} holds more files in the sandbox than a pull can list (500,000), so nothing was pulled. Pack or delete some of them there, or download what you need by hand.`,
  );

export const tooManyErrors = (): UserError =>
  new UserError(
    "The sandbox reported errors without end during the pull, so it was stopped. What came is complete; the rest did not come. Check the permissions of the files there.",
  );

export const listingEmpty = (remotePath: string): UserError =>
  new UserError(
    `The sandbox lists no files in ${remotePath}, although some were put there. Nothing was changed here; push and run again.`,
  );

/** Why the sender gave up, or what is wrong with what it sent; `undefined` if all is well. */
export function senderFailed({ end, files, bytes }: PullOutcome, exitCode: number): UserError | undefined {
  if (exitCode === SenderExit.noTar || exitCode === NOT_FOUND) return lacksTools();
  const sofar =
    files === 0 ? "Nothing was changed here" : `${plural(files, "file")} (${formatBytes(bytes)}) came whole`;
  switch (end.kind) {
    case "damaged":
      return new UserError(`What the sandbox sent is no sound archive. ${sofar}; the rest did not come.`, {
        cause: end.detail,
      });
    case "tooMuch":
      return new UserError(`The sandbox sent far more than was asked for, so the pull was ended. ${sofar}.`);
    case "cut":
      return new UserError(`The connection to the sandbox broke during the pull. ${sofar}; run or pull again.`, {
        cause: end.detail,
      });
    case "whole":
      return exitCode > SIGNALLED ? stopped() : undefined;
  }
}

const stopped = (): UserError =>
  new UserError("The sandbox stopped during the pull. What came is whole; the rest did not come.");

const lacksTools = (): UserError =>
  new UserError(
    "The sandbox's image lacks find, stat or tar, which a pull needs. Add them to the image, or pick another.",
  );

/** What a shell answers for a command that it cannot find, or that a signal ended (128 + its number). */
const NOT_FOUND = 127;
const SIGNALLED = 128;

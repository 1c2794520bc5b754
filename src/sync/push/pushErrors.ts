import { UserError } from "../../base/errors";
import type { RootProblem } from "../folder/folderRoot";
import { ReceiverExit } from "../remote/receiver";

export const folderRefused = (root: string, problem: RootProblem): UserError => new UserError(REFUSALS[problem](root));

const REFUSALS: Record<RootProblem, (root: string) => string> = {
  missing: (root) => `The folder ${root} is gone. Open a folder that exists and push again.`,
  notAFolder: (root) => `${root} is not a folder. Open a folder and push again.`,
  unreadable: (root) => `The folder ${root} cannot be read. Check its permissions and push again.`,
  tooWide: (root) =>
    `${root} is your home folder, a drive or a folder around them, too much to push. Open the project's own folder.`,
};

export const keepsChanging = (remotePath: string): UserError =>
  new UserError(`Others keep filling ${remotePath} in the sandbox. Wait for them, or set another remote path.`);

export const connectionLost = (cause: unknown): UserError =>
  new UserError("The connection to the sandbox broke during the push. No file there is damaged; push again.", {
    cause,
  });

const stopped = (): UserError =>
  new UserError("The sandbox stopped during the push. Start it again or pick another one, then push.");

const noTar = (): UserError =>
  new UserError(
    "The sandbox's image lacks tar or a shell, which a push needs. Add both to the image, or pick another.",
  );

const noSpace = (remotePath: string): UserError =>
  new UserError(`The sandbox has no space left at ${remotePath}. Delete files there, or push less, then push again.`);

const notWritable = (remotePath: string, detail: string): UserError =>
  new UserError(`${remotePath} in the sandbox cannot be written${inBrackets(detail)}. Set another remote path.`);

const notUnpacked = (remotePath: string, detail: string): UserError =>
  new UserError(
    `The sandbox could not unpack the push into ${remotePath}${inBrackets(detail)}. Fix that, or set another remote path.`,
  );

const notInPlace = (remotePath: string, detail: string): UserError =>
  new UserError(
    `Some files could not be put in their place in ${remotePath}${inBrackets(detail)}. Fix that, then push again.`,
  );

const displaced = (remotePath: string, detail: string): UserError =>
  new UserError(
    `A program in the sandbox deleted or replaced folders of ${remotePath} during the push${inBrackets(detail)}. Wait until it finishes, then push again.`,
  );

/**
 * Why the receiver gave up, by its exit code and what it and its tools printed (in the C locale).
 * @param cause what went wrong on this side, if anything did
 */
export function receiverFailed(remotePath: string, { exitCode, stderr }: ReceiverEnd, cause: unknown): UserError {
  const detail = firstLine(stderr);
  if (NO_SPACE.test(stderr)) return noSpace(remotePath);
  switch (exitCode) {
    case ReceiverExit.noTar:
    case NOT_FOUND:
    case NOT_EXECUTABLE:
      return noTar();
    case ReceiverExit.noTarget:
      return notWritable(remotePath, detail);
    case ReceiverExit.notUnpacked:
      return TOO_SHORT.test(stderr) ? connectionLost(cause) : notUnpacked(remotePath, detail);
    case ReceiverExit.notInPlace:
      return (isDisplaced(stderr) ? displaced : notInPlace)(remotePath, detail);
    case ReceiverExit.cut:
      return connectionLost(cause);
    default:
      return exitCode > SIGNALLED || exitCode < 0 ? stopped() : notUnpacked(remotePath, detail || `exit ${exitCode}`);
  }
}

/** True if folders of the target were deleted or replaced while the receiver worked: another attempt may succeed. */
export const isDisplaced = (stderr: string): boolean => DISPLACED.test(stderr) && !NO_SPACE.test(stderr);

export interface ReceiverEnd {
  readonly exitCode: number;
  readonly stderr: string;
}

const NO_SPACE = /No space left on device|Disk quota exceeded/;

const DISPLACED = /No such file or directory|[Nn]ot a directory|Directory not empty/;

/** How GNU, busybox and BSD tar call the end of the input in mid-archive. */
const TOO_SHORT = /unexpected EOF|does not look like a tar archive|short read|truncated|unexpected end of file/i;

/** What a shell answers for a command that it cannot find, cannot run, or that a signal ended (128 + its number). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNALLED = 128;

const inBrackets = (detail: string): string => (detail === "" ? "" : ` (${detail})`);

const firstLine = (text: string): string => text.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";

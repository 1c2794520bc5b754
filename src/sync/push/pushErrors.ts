import { UserError } from "../../base/errors";
import type { RootProblem } from "../folder/folderRoot";
import { ReceiverExit } from "../remote/receiver";

export const folderRefused = (root: string, problem: RootProblem): UserError => new UserError(REFUSALS[problem](root));

const REFUSALS: Record<RootProblem, (root: string) => string> = {
  missing: (root) => `The folder ${root} does not exist. Open a folder that exists and push again.`,
  notAFolder: (root) => `${root} isn't a folder. Open a folder and push again.`,
  unreadable: (root) => `The folder ${root} cannot be read. Check its permissions and push again.`,
  tooWide: (root) =>
    `${root} is your home folder, a drive, or a folder that contains one of these, which is too much to push. Open the project's own folder.`,
};

export const keepsChanging = (remotePath: string): UserError =>
  new UserError(
    `Other windows or machines keep pushing to ${remotePath} in the sandbox. Wait until they finish, or set another remote path.`,
  );

export const connectionLost = (cause: unknown): UserError =>
  new UserError(
    "The connection to the sandbox broke during the push. No files in the sandbox are damaged. Push again.",
    {
      cause,
    },
  );

const stopped = (): UserError =>
  new UserError("The sandbox stopped during the push. Start it again or pick another one, then push again.");

const noTar = (): UserError =>
  new UserError(
    "A push needs tar and a shell, but the sandbox's image lacks at least one of them. Add them to the image, or pick another image.",
  );

const noSpace = (remotePath: string): UserError =>
  new UserError(`The sandbox has no space left at ${remotePath}. Delete files there, or push less, then push again.`);

const notWritable = (remotePath: string, detail: string): UserError =>
  new UserError(`${remotePath} in the sandbox cannot be written${inBrackets(detail)}. Set another remote path.`);

const notUnpacked = (remotePath: string, detail: string): UserError =>
  new UserError(
    `The sandbox could not unpack the push into ${remotePath}${inBrackets(detail)}. Fix the problem, or set another remote path.`,
  );

const notInPlace = (remotePath: string, detail: string): UserError =>
  new UserError(
    `Some files could not be put in place in ${remotePath}${inBrackets(detail)}. Fix the problem, then push again.`,
  );

const displaced = (remotePath: string, detail: string): UserError =>
  new UserError(
    `A program in the sandbox deleted or replaced folders of ${remotePath} during the push${inBrackets(detail)}. Wait until it finishes, then push again.`,
  );

/**
 * Returns the reason why the receiver failed, based on its exit code and the output of its tools (in the C locale).
 * @param cause the error on this side, if any
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

/** How GNU, busybox and BSD tar report the end of the input in the middle of an archive. */
const TOO_SHORT = /unexpected EOF|does not look like a tar archive|short read|truncated|unexpected end of file/i;

/**
 * A shell's exit codes if it cannot find or cannot run a command; above 128, a signal ended the command (128 + its
 * number).
 */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNALLED = 128;

const inBrackets = (detail: string): string => (detail === "" ? "" : ` (${detail})`);

const firstLine = (text: string): string => text.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";

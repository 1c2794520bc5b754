import { STATE_FOLDER } from "../../base/stateFolder";
import { namedAny } from "./remoteListing";
import SEND from "./send.sh";
import STOP_SENDER from "./stopSender.sh";

/** The exit codes of send.sh before tar starts. */
export const SenderExit = { noTar: 41, noFolder: 42 } as const;

/**
 * Returns the command that reads paths, each `./path` and NUL-terminated, and writes their tar stream. If tar cannot
 * read such a list, it is started once per batch of paths, so the stream may contain several archives in a row.
 * @param token a plain word, unique in the sandbox, for `stopSenderCommand`
 * @param prune the names of folders in which it does not look for changed files
 */
export const senderCommand = (remotePath: string, token: string, prune: readonly string[]): string[] => [
  "sh",
  "-c",
  SEND,
  "sh",
  remotePath,
  pidFile(token),
  ...namedAny(prune),
];

/** Ends a sender whose output nobody reads any longer: it would wait as long as the sandbox lives. */
export const stopSenderCommand = (token: string): string[] => ["sh", "-c", STOP_SENDER, "sh", pidFile(token)];

const pidFile = (token: string): string => `${STATE_FOLDER}/pull-${token}.pid`;

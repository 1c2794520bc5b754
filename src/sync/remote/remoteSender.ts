import { STATE_FOLDER } from "../../base/stateFolder";
import { namedAny } from "./remoteListing";
import SEND from "./send.sh";
import STOP_SENDER from "./stopSender.sh";

/** The exit codes of send.sh, before tar starts. */
export const SenderExit = { noTar: 41, noFolder: 42 } as const;

/**
 * The command that takes paths on its input, each `./path` with a NUL behind it, and gives their tar stream. Where tar
 * cannot read such a list it is started for as many as fit, so the stream may be several archives in a row.
 * Afterward its errors are the paths of the files that changed while it ran, except in folders of the names in `prune`.
 * @param token a plain word, unique in the sandbox, for `stopSenderCommand`
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

/** Ends a sender that nobody reads from any more: it would wait for a reader as long as the sandbox lives. */
export const stopSenderCommand = (token: string): string[] => ["sh", "-c", STOP_SENDER, "sh", pidFile(token)];

const pidFile = (token: string): string => `${STATE_FOLDER}/pull-${token}.pid`;

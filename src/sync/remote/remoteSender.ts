import { STATE_FOLDER } from "../../base/stateFolder";

/** How the sender ends if it cannot send. */
export const SenderExit = { noTar: 41, noFolder: 42 } as const;

/**
 * The command that takes paths on its input, each `./path` with a NUL behind it, and gives their tar stream. Where tar
 * cannot read such a list it is started for as many as fit, so the stream may be several archives in a row.
 * @param token a plain word, unique in the sandbox, for `stopSenderCommand`
 */
export const senderCommand = (remotePath: string, token: string): string[] => [
  "sh",
  "-c",
  SENDER,
  "sh",
  remotePath,
  pidFile(token),
];

/** Ends a sender that nobody reads from any more: it would wait for a reader as long as the sandbox lives. */
export const stopSenderCommand = (token: string): string[] => ["sh", "-c", STOP, "sh", pidFile(token)];

const pidFile = (token: string): string => `${STATE_FOLDER}/pull-${token}.pid`;

/** `wait` lets the trap in, which a program in the foreground would hold up. */
const SENDER = `
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit ${SenderExit.noFolder}
command -v tar >/dev/null 2>&1 || exit ${SenderExit.noTar}
exec 3<&0
case $(tar --version 2>/dev/null) in
  *"GNU tar"*) tar -c -f - --format=gnu --no-recursion --hard-dereference --null -T - <&3 & ;;
  *) xargs -0 tar -c -f - <&3 & ;;
esac
child=$!
trap 'kill "$child"; pkill -P "$child"' TERM
mkdir -p -- "\${2%/*}" 2>/dev/null && echo $$ >"$2" 2>/dev/null
wait "$child"
status=$?
rm -f -- "$2"
exit $status
`;

const STOP = `read -r pid <"$1" && kill "$pid"`;

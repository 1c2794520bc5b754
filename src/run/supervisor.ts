/**
 * A program runs under a few lines of shell in the sandbox that make it the leader of a session of its own and note its
 * process group, since Modal has no call to signal a process that it started.
 */

const DIRECTORY = "/tmp/.modal-sandboxes";

/** `exit` keeps the shell from replacing itself by setsid, which would then fork and not be waited for. */
const SUPERVISE = `mkdir -p "\${1%/*}" 2>/dev/null
if command -v setsid >/dev/null 2>&1; then
  (exec setsid sh -c 'echo $$ >"$1" && shift && exec "$@"' sh "$@")
  exit $?
fi
echo $$ >"$1" && shift && exec "$@"`;

/** Signals the group; the file may be a moment away. A program without a group of its own gets the signal alone. */
const SIGNAL = `n=0
while [ ! -s "$1" ] && [ $n -lt 40 ]; do n=$((n + 1)); sleep 0.05; done
p=$(cat "$1") || exit 1
send() { kill -s "$1" -- "-$p" 2>/dev/null || kill -s "$1" "$p" 2>/dev/null; }
`;

const STOP = `${SIGNAL}
send TERM || exit 0
n=0
while [ $n -lt 30 ]; do
  kill -s 0 -- "-$p" 2>/dev/null || kill -s 0 "$p" 2>/dev/null || exit 0
  n=$((n + 1)); sleep 0.1
done
send KILL`;

const pidFile = (runId: string) => `${DIRECTORY}/${runId}.pid`;

/** `argv` under supervision. `runId` is a plain word, unique in the sandbox. */
export const supervised = (runId: string, argv: readonly string[]): string[] => [
  "sh",
  "-c",
  SUPERVISE,
  "sh",
  pidFile(runId),
  ...argv,
];

/** Interrupts the program and what it started, as Ctrl+C would. */
export const interruptCommand = (runId: string): string[] => ["sh", "-c", `${SIGNAL}\nsend INT`, "sh", pidFile(runId)];

/** Ends the program and what it started: asks, waits three seconds, then kills. Returns when it is over. */
export const stopCommand = (runId: string): string[] => ["sh", "-c", STOP, "sh", pidFile(runId)];

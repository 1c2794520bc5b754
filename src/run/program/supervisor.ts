import { STATE_FOLDER } from "../../base/stateFolder";

/**
 * A program runs under a few lines of shell in the sandbox. They make it the leader of a session of its own and note its
 * process group, since Modal has no call to signal a process that it started. Its output goes into files, and what is
 * shown follows these, so that a connection which breaks costs nothing and a later window can show it all.
 *
 * The exec that started the program lasts as long as it does, which keeps the sandbox from its idle limit.
 */

const DIRECTORY = `${STATE_FOLDER}/runs`;

/** The logs of so many runs are kept in a sandbox. */
const KEPT_LOGS = 50;

/** The exit code of an exec that was to show a run which the sandbox does not know; one that programs do not use. */
export const NO_SUCH_RUN = 253;

/**
 * `$1` is the run's folder, `$2` and `$3` the byte from which to show stdout and stderr, counted from 1, `$4` the seconds
 * between two looks; then comes the program, where it is to be started unless it was. Ends with the program's exit code.
 *
 * - The program is no background job: a shell has those ignore SIGINT.
 * - Its input is a named pipe that a `cat` of each exec feeds; where one input ends all do.
 * - GNU tail is told at once that there is more, and that the program ended, or looks where the disk tells nothing, as
 *   overlays do; any other is asked again and again.
 * - `exit` keeps the shell from replacing itself by setsid, which would then fork and not be waited for.
 */
const ATTACH = `d=$1 out=$2 err=$3 pause=$4; shift 4
exec 3<&0 4>&2 2>/dev/null
nap() { sleep 0.05 || sleep 1; }
feed() {
  sh -c 'echo $$ >>"$0/feeders"; exec cat >"$0/input"' "$d" <&3
  kill $(cat "$d/feeders"); : >"$d/feeders"
}
follow() {
  if tail --pid=1 -c 0 /dev/null; then exec tail -c "+$3" -f -s "$pause" --pid="$1" "$d/$2"; fi
  exec <"$d/$2"
  tail -c "+$3"
  while kill -0 "$1"; do nap; cat; done
  cat
}
forget() {
  ls -t "\${d%/*}" | tail -n +${KEPT_LOGS + 1} | while read -r old; do
    if [ -e "\${d%/*}/$old/exit" ]; then rm -rf "\${d%/*}/$old"; fi
  done
}
show() { (follow "$1" stderr "$err") >&4 & (follow "$1" stdout "$out"); wait $!; }

if [ $# -gt 0 ] && [ ! -d "$d" ]; then
  if ! { mkdir -p "$d" && mkfifo "$d/input" "$d/ready" && : >"$d/stdout" && : >"$d/stderr"; }; then
    echo "The run cannot keep its log: make room in /tmp of the sandbox, or let it be written." >&4
    exit 1
  fi
  feed &
  { read -r p <"$d/ready" && show "$p"; } &
  shown=$!
  begin='exec <"$1/input" >"$1/stdout" 2>"$1/stderr" 3<&- 4>&-
echo $$ >"$1/pid"; echo $$ >"$1/ready"
[ ! -e "\${1%/*/*}/signaled/\${1##*/}" ] || exit 130
shift; exec "$@"'
  if command -v setsid >/dev/null; then (exec setsid sh -c "$begin" sh "$d" "$@"; exit $?)
  else sh -c "$begin" sh "$d" "$@"; fi
  code=$?
  echo $code >"$d/ended"; mv "$d/ended" "$d/exit"
  wait $shown
  forget >/dev/null 4>&1 &
else
  [ -d "$d" ] || exit ${NO_SUCH_RUN}
  feed &
  n=0
  until [ -s "$d/pid" ] || [ -e "$d/exit" ] || [ $n -gt 40 ]; do n=$((n + 1)); nap; done
  show "$(cat "$d/pid")"
  n=0
  until [ -e "$d/exit" ] || [ $n -gt 40 ]; do n=$((n + 1)); nap; done
  code=$(cat "$d/exit") || code=137
fi
kill $(cat "$d/feeders")
exit "$code"`;

/**
 * Signals the group; a program without a group of its own gets the signal alone. The mark comes first: either the program
 * has noted its process already, or it will find the mark and not begin.
 */
const SIGNAL = `mkdir -p "\${1%/*/*}/signaled" && : >"\${1%/*/*}/signaled/\${1##*/}"
p=$(cat "$1/pid") || exit 0
[ -n "$p" ] || exit 0
send() { kill -s "$1" -- "-$p" 2>/dev/null || kill -s "$1" "$p" 2>/dev/null; }
`;

const STOP = `${SIGNAL}
try() {
  n=0
  send "$1" || exit 0
  while [ $n -lt "$2" ]; do send 0 || exit 0; n=$((n + 1)); sleep 0.1; done
}
case $2 in INT) try INT 10 ;; esac
case $2 in INT | TERM) try TERM 30 ;; esac
try KILL 50
exit 1`;

/** Where the program's input and output are in the sandbox. */
export const logFolder = (runId: string): string => `${DIRECTORY}/${runId}`;

/** How many bytes of each output were shown. */
export interface Seen {
  readonly stdout: number;
  readonly stderr: number;
}

export interface AttachOptions {
  /** A plain word, unique in the sandbox. */
  readonly runId: string;
  readonly seen: Seen;
  /** Somebody types and waits for the echo, which is worth a hundredth of a core. */
  readonly isInteractive: boolean;
}

/** Starts a program under supervision, unless it was, and shows its output from `seen` on. */
export const attachCommand = ({ runId, seen, isInteractive }: AttachOptions, argv: readonly string[]): string[] => [
  ...["sh", "-c", ATTACH, "sh", logFolder(runId)],
  ...[seen.stdout + 1, seen.stderr + 1, isInteractive ? 0.005 : 0.05].map(String),
  ...argv,
];

/** Interrupts the program and what it started, as Ctrl+C would. */
export const interruptCommand = (runId: string): string[] => [
  "sh",
  "-c",
  `${SIGNAL}\nsend INT`,
  "sh",
  logFolder(runId),
];

/**
 * Ends the program and what it started: interrupts, after a second asks, after three more kills; or begins later in this
 * row. Returns 0 once all of it is gone.
 */
export const stopCommand = (runId: string, first: "INT" | "TERM"): string[] => [
  ...["sh", "-c", STOP, "sh", logFolder(runId), first],
];

# Runs a program under supervision or attaches to a running one, and shows its output.
#
#   this machine            the sandbox
#
#   exec's stdin  -------->  cat -----> input -----> the program, in a session of its own
#   exec's stdout <------  tail -f <--- stdout <------'    |
#   exec's stderr <------  tail -f <--- stderr <-----------'
#   exit code     <------  this shell <-- exit     (once the program has ended)
#
#   runs/ID/  input     named pipe; every exec feeds it, and it ends when one exec's input does
#             stdout    every byte that the program wrote, so that a broken connection loses nothing
#             stderr    and a later window can show all of it
#             feeders   process ids of the cats
#             pid       the program's process group, which signal.sh signals
#             ready     named pipe on which the first exec waits for that id
#             exit      the exit code
#   signaled/ID         made by signal.sh; begin.sh doesn't start a program that was signaled before
#
# Arguments: the folder runs/ID; the first bytes of stdout and stderr to show, counted from 1; the seconds between two
# checks; how many runs' folders to keep; begin.sh; then the program, if it should be started unless it already was. This
# script, and so Modal's exec, lasts as long as the program, which keeps the sandbox from its idle limit.
# Exit codes: the program's, 253 if there is no such run, 1 if the output can't be stored, 137 if there is no exit code.
d=$1 out=$2 err=$3 pause=$4 kept=$5 begin=$6
shift 6
exec 3<&0 4>&2 2>/dev/null
nap() { sleep 0.05 || sleep 1; }

# shellcheck disable=SC2016,SC2046
feed() {
  sh -c 'echo $$ >>"$0/feeders"; exec cat >"$0/input"' "$d" <&3
  kill $(cat "$d/feeders"); : >"$d/feeders"
}

# GNU tail is notified of more output and of the program's end, or polls on file systems without notifications, such as
# overlays. Other versions of tail only print the beginning.
follow() {
  if tail --pid=1 -c 0 /dev/null; then exec tail -c "+$3" -f -s "$pause" --pid="$1" "$d/$2"; fi
  exec <"$d/$2"
  tail -c "+$3"
  while kill -0 "$1"; do nap; cat; done
  cat
}
show() { (follow "$1" stderr "$err") >&4 & (follow "$1" stdout "$out"); wait $!; }

# shellcheck disable=SC2012,SC2115
forget() {
  ls -t "${d%/*}" | tail -n "+$((kept + 1))" | while read -r old; do
    if [ -e "${d%/*}/$old/exit" ]; then rm -rf "${d%/*}/$old"; fi
  done
}

if [ $# -gt 0 ] && [ ! -d "$d" ]; then
  if ! { mkdir -p "$d" && mkfifo "$d/input" "$d/ready" && : >"$d/stdout" && : >"$d/stderr"; }; then
    echo "The output of the run can't be stored. Free up space in the sandbox's /tmp, or make it writable." >&4
    exit 1
  fi
  feed &
  { read -r p <"$d/ready" && show "$p"; } &
  shown=$!
  # The program must not be a background job, because a shell makes those ignore SIGINT. Without "exit", the shell would
  # replace itself with setsid, which would then fork and end early.
  if command -v setsid >/dev/null; then (exec setsid sh -c "$begin" sh "$d" "$@"; exit $?)
  else sh -c "$begin" sh "$d" "$@"; fi
  code=$?
  echo $code >"$d/ended"; mv "$d/ended" "$d/exit"
  wait $shown
  forget >/dev/null 4>&1 &
else
  [ -d "$d" ] || exit 253
  feed &
  n=0
  until [ -s "$d/pid" ] || [ -e "$d/exit" ] || [ $n -gt 40 ]; do n=$((n + 1)); nap; done
  show "$(cat "$d/pid")"
  n=0
  until [ -e "$d/exit" ] || [ $n -gt 40 ]; do n=$((n + 1)); nap; done
  code=$(cat "$d/exit") || code=137
fi
# shellcheck disable=SC2046
kill $(cat "$d/feeders")
exit "$code"

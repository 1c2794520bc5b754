# Signals a run's process group, or only the program if it has no group of its own.
#
# Arguments: the run's folder; the first signal, "INT" or "TERM"; "once", or "until-gone" to continue from INT to TERM
# after a second and from TERM to KILL after three more. Exit code of the latter: 0 when all processes are gone.
# The mark comes first: if the program hasn't recorded its process yet, it finds the mark and doesn't start.
mkdir -p "${1%/*/*}/signaled" && : >"${1%/*/*}/signaled/${1##*/}"
p=$(cat "$1/pid") || exit 0
[ -n "$p" ] || exit 0
send() { kill -s "$1" -- "-$p" 2>/dev/null || kill -s "$1" "$p" 2>/dev/null; }
case $3 in once) send "$2"; exit ;; esac

try() {
  n=0
  send "$1" || exit 0
  while [ $n -lt "$2" ]; do send 0 || exit 0; n=$((n + 1)); sleep 0.1; done
}
case $2 in INT) try INT 10 ;; esac
case $2 in INT | TERM) try TERM 30 ;; esac
try KILL 50
exit 1

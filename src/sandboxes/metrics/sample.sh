# Prints readings of a sandbox, each in a line, and ends when standard input does: Modal has no call to end what it started,
# and what nobody ends keeps its sandbox from its idle limit.
#
# Arguments: the seconds between two readings; how many there are.
# It takes a POSIX shell, head, sed, cut and tr, of busybox too. /proc is the sandbox's own under both of Modal's runtimes.
# The time of a process that ended is part of its parent's, so the sum over all is what all have used.
exec 3<&0
(while read -r _; do :; done; kill $$) <&3 >/dev/null 2>&1 &
exec 3<&- </dev/null 2>/dev/null
n=0
while :; do
  {
    head -n 99 /proc/uptime /proc/meminfo /proc/net/dev
    echo "==> cpu <=="
    cat /proc/[0-9]*/stat | sed 's/.*) //' | cut -d " " -f 12-15
    echo "==> disk <=="
    df -Pk /
    if command -v nvidia-smi >/dev/null; then
      echo "==> gpus <=="
      nvidia-smi --query-gpu=index,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw --format=csv,noheader,nounits
    fi
  } | tr "\n" "|"
  echo
  n=$((n + 1))
  [ $n -lt "$2" ] || break
  sleep "$1" >/dev/null
done
kill $!

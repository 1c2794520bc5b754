# Prints readings of a sandbox, one per line, and ends when standard input does. Modal has no call that ends a command,
# and a command that never ends would keep its sandbox from its idle limit.
#
# Arguments: the seconds between two readings; the number of readings.
# Requires a POSIX shell, head, sed, cut and tr, as busybox has them. /proc is the sandbox's own in both of Modal's
# runtimes.
# The CPU time of an ended process is part of its parent's, so the sum over all processes covers everything.
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

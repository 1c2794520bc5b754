# A sandbox's first process. It ends, and with it every other process inside, when the pipe from the server does. Until
# then it reaps orphans. If a sandbox kills the pipe's reader, the reader is started again. The function enter comes before
# this in the same program.
#
# Arguments: "closed" for a network without a connection to the outside; loopbackUp.pl; those of enter.
# Prints "ready" and its process id as the server sees it.
set -e
read -r pid _ </proc/self/stat
network=$1 loopback_up=$2
shift 2
enter "$@"
umount -n -l /run
cd /
{ echo modal >/proc/sys/kernel/hostname || hostname modal; } 2>/dev/null || :
[ "$network" != closed ] || { ip link set lo up || ifconfig lo up || perl -e "$loopback_up"; } 2>/dev/null ||
  echo "The sandbox's loopback stays down: there is no tool to raise it." >&2
set +e
exec 9<&0
echo ready "$pid"
exec </dev/null >/dev/null 2>&1
while :; do
  dd of=/dev/null <&9 &
  wait $!
  [ $? -gt 128 ] || exit
done

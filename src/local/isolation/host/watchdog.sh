# Outlives the server by a moment, in its own session: when the pipe from the server breaks, kills every process with the
# server's marker in its environment, and removes the server's folder.
#
# Arguments: the folder; the marker; the name of the file in the folder that lists the places of control groups, one per
# line; the prefix of the groups' names. The marker also begins the rest of those names.
folder=$1 marker=$2 places_file=$3 prefix=$4
while read -r _; do :; done
places=$(cat "$folder/$places_file" 2>/dev/null)
marked() {
  if [ -d /proc/self ]; then grep -lsa "MODAL_LOCAL_SERVER=$marker" /proc/[0-9]*/environ | cut -d/ -f3
  else
    # shellcheck disable=SC2009
    ps -Aww -E -o pid= -o command= | grep "MODAL_LOCAL_SERVER=$marker" | grep -v grep | awk '{print $1}'
  fi
}
for attempt in 1 2 3 4 5; do
  pids=$(marked)
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -9 $pids 2>/dev/null
  for place in $places; do
    for group in "$place/$prefix$marker"-*; do
      [ ! -d "$group" ] || { rmdir "$group" 2>/dev/null; [ ! -d "$group" ] || pids=again; }
    done
  done
  rm -rf -- "$folder" 2>/dev/null || chmod -R u+rwX "$folder" 2>/dev/null
  [ -n "$pids" ] || [ -e "$folder" ] || break
  [ "$attempt" = 1 ] || sleep 0.2
done

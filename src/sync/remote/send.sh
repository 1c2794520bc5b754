# Reads paths, each NUL-terminated, from standard input and writes their tar stream to standard output.
#
# Arguments: the folder that the paths start in; the file for this shell's process id.
# Exit codes: 41 no tar, 42 no such folder, else tar's own.
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 42
command -v tar >/dev/null 2>&1 || exit 41
exec 3<&0
case $(tar --version 2>/dev/null) in
  *"GNU tar"*) tar -c -f - --format=gnu --no-recursion --hard-dereference --null -T - <&3 & ;;
  *) xargs -0 tar -c -f - <&3 & ;;
esac
# A shell runs a trap while it waits, but not while a program runs in the foreground.
child=$!
trap 'kill "$child"; pkill -P "$child"' TERM
mkdir -p -- "${2%/*}" 2>/dev/null && echo $$ >"$2" 2>/dev/null
wait "$child"
status=$?
rm -f -- "$2"
exit $status

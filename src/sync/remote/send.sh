# Reads paths, each NUL-terminated, from standard input and writes their tar stream to standard output. Then it writes
# the paths of all files that changed in the meantime to standard error, each NUL-terminated: tar may have read one
# part of such a file before the change and another part after it.
#
# Arguments: the folder that the paths start in; the file for this shell's process id; then an expression of find for
# folders to skip when looking for changed files.
# Exit codes: 41 no tar, 42 no such folder, else tar's own.
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 42
command -v tar >/dev/null 2>&1 || exit 41
exec 3<&0
mkdir -p -- "${2%/*}" 2>/dev/null && : 2>/dev/null >"$2.since"
case $(tar --version 2>/dev/null) in
  *"GNU tar"*) tar -c -f - --format=gnu --no-recursion --hard-dereference --null -T - <&3 2>/dev/null & ;;
  *) xargs -0 tar -c -f - <&3 2>/dev/null & ;;
esac
# A shell runs a trap while it waits, but not while a program runs in the foreground.
child=$!
trap 'kill "$child"; pkill -P "$child"' TERM
echo $$ 2>/dev/null >"$2"
wait "$child"
status=$?
if [ -f "$2.since" ] && [ $status -lt 128 ]; then
  since=$2.since
  newer=-cnewer
  find . -prune -cnewer "$since" >/dev/null 2>&1 || newer=-newer
  pid=$2
  shift 2
  [ $# -gt 0 ] || set -- -name ''
  find . -xdev \( "$@" \) -prune -o -type f "$newer" "$since" -print0 >&2
  set -- "" "$pid"
fi
rm -f -- "$2" "$2.since"
exit $status

# Lists everything below a path, and the path itself if it isn't a folder.
#
# Arguments: the folder to start in; what to list in it, as "." or "./path"; then an expression of find for folders
# to skip.
# GNU's find prints everything by itself. Elsewhere stat does, in lines: no path has a "//", which therefore ends
# each. The first record names the tool; without the last one, "end", the listing was cut.
# Exit codes: 41 no find and no stat, 42 no such folder.
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 42
start=$2
shift 2
[ $# -gt 0 ] || set -- -name ''
command -v find >/dev/null 2>&1 || exit 41
if find . -maxdepth 0 -printf '' >/dev/null 2>&1; then
  printf 'find\n'
  find "$start" -xdev \( "$@" \) -prune -o -printf '%y %m %s %T@ %C@ %p\0%l\0'
  printf 'end'
else
  stat -c '' . >/dev/null 2>&1 || exit 41
  printf 'stat\n'
  find "$start" -xdev \( "$@" \) -prune -o -print0 | xargs -0 stat -c '%f %s %Y %y %Z %z %n//'
  printf 'end'
fi

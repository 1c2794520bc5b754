# Prints the marker of a folder, then what the shell script on standard input prints about the folder's files. The
# script is kept in a file, because shells read a script from a pipe byte by byte.
#
# Arguments: the folder; the marker's name; the prefix of the file's name. Prints nothing if there is no such folder.
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 0
list=$3$$
trap 'rm -f -- "$list"' EXIT
generation=
{ read -r generation <"$2"; } 2>/dev/null
echo "$generation"
cat >"$list" && . "./$list" 2>/dev/null
exit 0

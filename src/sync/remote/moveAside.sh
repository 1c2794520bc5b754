# Moves entries out of a folder. Standard input is a shell script of lines "aside NUMBER ./PATH"; it is kept in a file
# next to the new folder, because shells read a script from a pipe byte by byte.
#
# Arguments: the folder; the folder to move to. Prints "left NUMBER" for each entry that cannot be moved.
export LC_ALL=C
cd -- "$1" 2>/dev/null || exit 0
folder=$2
failed=0
mkdir -p -- "$folder" || exit 1
aside() {
  [ -e "$2" ] || [ -L "$2" ] || return 0
  place=$folder/${2#./}
  mkdir -p -- "${place%/*}" && mv -- "$2" "$place" && return 0
  failed=1
  echo "left $1"
}
cat >"$folder.list" && . "$folder.list" || failed=1
rm -f -- "$folder.list"
exit "$failed"

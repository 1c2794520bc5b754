# Writes standard input to a file, which is never incomplete.
#
# Arguments: the folder that a push fills; the file; the new name for a file of a program that is in its place. Prints
# "kept" if there was one. As in a push, files that we write have times in whole seconds, which distinguishes them from
# files of programs.
export LC_ALL=C
part=$2.modal-part-$$
mkdir -p -- "$1" "${2%/*}" && cat >"$part" || { rm -f -- "$part"; exit 1; }
touch -d "@$(date +%s)" -- "$part" 2>/dev/null
if { [ -e "$2" ] || [ -L "$2" ]; } && ! cmp -s -- "$part" "$2"; then
  case $([ -f "$2" ] && [ ! -L "$2" ] && stat -c %y -- "$2") in
    *.000000*) ;;
    *) mv -- "$2" "$3" && echo kept ;;
  esac
fi
mv -f -- "$part" "$2"

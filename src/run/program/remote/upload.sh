# Writes standard input to a file, which is complete at every moment.
#
# Arguments: the folder that a push fills; the file; the name that a file takes which a program put in its place. Prints
# "kept" if that happened. As in a push, the times of our own files are in whole seconds, which tells them from a program's.
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

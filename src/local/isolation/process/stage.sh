# The last step before a program, inside the sandbox: enters the working directory, looks the program up, reports the
# result on descriptor 3, and becomes the program.
#
# Arguments: the working directory; the program; the command, in which a prefix may come before the program.
# Reports "workdir" or "program" if that is missing, otherwise "ready" and this process's id.
cd -- "$1" 2>/dev/null || { echo workdir >&3; exit 126; }
case $2 in
  */*) [ -e "$2" ] && found=yes ;;
  *) IFS=:; for folder in $PATH; do [ -f "$folder/$2" ] && [ -x "$folder/$2" ] && found=yes && break; done; unset IFS ;;
esac
[ -n "$found" ] || { echo program >&3; exit 127; }
shift 2
unset found folder OLDPWD
echo ready $$ >&3
exec 3>&- "$@"

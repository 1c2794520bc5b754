# Becomes a login shell. The size of a terminal cannot be set from outside, so the shell writes down the terminal's
# device, on which resize.sh sets the size. If the shell is hung up before that, it finds the mark of hangUp.sh.
#
# Arguments: the file for its device and its process id; rows; columns; the folder to start in.
mkdir -p "${1%/*}" && { tty; echo $$; } >"$1"
if [ -e "$1.hup" ]; then kill -s HUP $$; fi
stty sane rows "$2" cols "$3" 2>/dev/null
cd "$4" 2>/dev/null || :
if command -v bash >/dev/null 2>&1; then exec bash -l; fi
exec sh -l

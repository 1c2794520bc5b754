# Becomes a login shell. A terminal's size cannot be changed from outside, so the shell notes the terminal's device, on
# which resize.sh sets it. A shell that was hung up before it could note anything finds the mark of hangUp.sh.
#
# Arguments: the file for its device and its process id; rows; columns; the folder to start in.
mkdir -p "${1%/*}" && { tty; echo $$; } >"$1"
if [ -e "$1.hup" ]; then kill -s HUP $$; fi
stty sane rows "$2" cols "$3" 2>/dev/null
cd "$4" 2>/dev/null || :
if command -v bash >/dev/null 2>&1; then exec bash -l; fi
exec sh -l

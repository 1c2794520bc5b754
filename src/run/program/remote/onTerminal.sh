# Runs a program on a terminal of its own. Prints nothing if the image has neither script nor Python.
#
# Arguments: the named pipe with the program's input, which is opened for reading and writing so that it never ends;
# onTerminal.py; the program.
exec <>"$1"
spawn=$2
shift 2
if script --version >/dev/null 2>&1; then
  # It takes a line for a shell, so each word is quoted.
  line='' q="'"
  for rest do
    line="$line $q"
    # shellcheck disable=SC2295
    while [ "$rest" != "${rest#*$q}" ]; do line="$line${rest%%$q*}$q\\$q$q" rest=${rest#*$q}; done
    line="$line$rest$q"
  done
  exec script -qec "$line" /dev/null
fi
exec python3 -c "$spawn" "$@"

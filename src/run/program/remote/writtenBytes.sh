# Prints how many bytes a run has written, or nothing if it has ended. Argument: the run's folder.
[ -e "$1/exit" ] || wc -c <"$1/stdout"

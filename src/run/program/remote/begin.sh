# Records its process id, then becomes the run's program. Arguments: the run's folder; the program.
exec <"$1/input" >"$1/stdout" 2>"$1/stderr" 3<&- 4>&-
echo $$ >"$1/pid"; echo $$ >"$1/ready"
[ ! -e "${1%/*/*}/signaled/${1##*/}" ] || exit 130
shift; exec "$@"

# Joins control groups, then becomes a program. Arguments: the groups' lists of processes; "--"; the program.
while [ "$1" != -- ]; do
  echo $$ >"$1" || exit
  shift
done
shift
exec "$@"

# Becomes the first of several programs that the image has.
#
# Arguments: the programs with commas between them, each as words with blanks between; the program's other words.
# Exit code 127 if the image has none.
programs=$1
shift
IFS=,
for program in $programs; do
  unset IFS
  # shellcheck disable=SC2086
  command -v "${program%% *}" >/dev/null 2>&1 && exec $program "$@"
done
exit 127

# Becomes the first of several programs that the image has.
#
# Arguments: the programs, separated by commas, each as words separated by blanks; the remaining words of the command
# line.
# Exit code 127 if the image has none of them.
programs=$1
shift
IFS=,
for program in $programs; do
  unset IFS
  # shellcheck disable=SC2086
  command -v "${program%% *}" >/dev/null 2>&1 && exec $program "$@"
done
exit 127

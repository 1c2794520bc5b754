# Creates a folder for outputs, then becomes the program, which gets the folder's path in a variable. Arguments: the
# folder; the program.
export MODAL_SANDBOXES_OUTPUT_DIR="$1"
mkdir -p -- "$1" 2>/dev/null
shift
exec "$@"

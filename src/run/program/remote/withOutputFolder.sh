# Becomes a program that has a folder for its outputs, and is told its path. Arguments: the folder; the program.
export MODAL_SANDBOXES_OUTPUT_DIR="$1"
mkdir -p -- "$1" 2>/dev/null
shift
exec "$@"

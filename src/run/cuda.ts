/**
 * Compiles a file and runs the program, given what follows the file's path: for the GPU that is there, if one is. The
 * toolkit's own images do not always have it on the path. nvcc takes more flags from `NVCC_APPEND_FLAGS`.
 */
export const CUDA = `PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null 2>&1 || exit 127
source=$1 program=\${1##*/} arch=
program=/tmp/.modal-sandboxes/\${program%.*}-$$
shift
[ ! -e /dev/nvidiactl ] || arch=-arch=native
mkdir -p "\${program%/*}" && nvcc $arch -o "$program" "$source" || exit
exec "$program" "$@"`;

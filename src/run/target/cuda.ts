/**
 * Compiles a file and runs the program: for the GPU that is there, if one is. Takes a folder for the program, the file, and
 * the program's arguments. The toolkit's own images do not always have it on the path. nvcc takes more flags from
 * `NVCC_APPEND_FLAGS`.
 */
export const CUDA = `PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null 2>&1 || exit 127
folder=$1 source=$2 name=\${2##*/} arch=
program=$folder/\${name%.*}-$$
shift 2
[ ! -e /dev/nvidiactl ] || arch=-arch=native
mkdir -p "$folder" && nvcc $arch -o "$program" "$source" || exit
exec "$program" "$@"`;

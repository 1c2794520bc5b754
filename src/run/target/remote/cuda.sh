# Compiles a CUDA file and becomes the program. It is compiled for the sandbox's GPU if it has one. nvcc takes more
# flags from NVCC_APPEND_FLAGS. NVIDIA's own images do not always have it on the path.
#
# Arguments: the folder for the program; the file; the program's arguments. Exit code 127 if there is no nvcc.
PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null 2>&1 || exit 127
folder=$1 source=$2 name=${2##*/} arch=''
program=$folder/${name%.*}-$$
shift 2
[ ! -e /dev/nvidiactl ] || arch=-arch=native
# shellcheck disable=SC2086
mkdir -p "$folder" && nvcc $arch -o "$program" "$source" || exit
exec "$program" "$@"

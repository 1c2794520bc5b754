# Arguments: options of an overlay over the folders named in "lowers", or "" to use "root" unchanged; mounts to change, each
# as its options and its path; "--". Each folder "open*" has the layers of the system folder that its file "path" names.
assemble() {
  if [ -n "$1" ]; then
    read -r layers <lowers || :
    mount -n -t overlay overlay -o "$1,lowerdir=$layers" root
  else
    mount -n --bind root root
  fi
  options=$1
  shift
  mount -n -a -T outer.fstab
  while [ "$1" != -- ]; do
    mount -o "$1" "$2"
    shift 2
  done
  # A folder that the kernel does not accept as a layer stays read-only.
  for open in open*; do
    [ ! -d "$open" ] || (
      cd "$open" || exit
      read -r layers <lowers || :
      read -r target <path
      mount -n -t overlay overlay -o "$options,lowerdir=$layers" "../root$target"
    ) 2>/dev/null || :
  done
}

# Arguments: options of an overlay over the folders named in "lowers", or "" for "root" as it is; mounts to change, each as its
# options and its path; "--".
assemble() {
  if [ -n "$1" ]; then
    read -r layers <lowers || :
    mount -n -t overlay overlay -o "$1,lowerdir=$layers" root
  else
    mount -n --bind root root
  fi
  shift
  mount -n -a -T outer.fstab
  while [ "$1" != -- ]; do
    mount -o "$1" "$2"
    shift 2
  done
}

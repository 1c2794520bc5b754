# The kernel refuses a layer inside another one, as every folder of the host is inside its root. The view that an overlay
# shows is a file system of its own, however. It needs a second layer, which is empty.
assemble() {
  mount -n -t tmpfs -o size=4k,mode=700 none host
  mkdir host/empty
  mount -n -t overlay overlay -o lowerdir=host/empty:/ host
  read -r layers <lowers || :
  mount -n -t overlay overlay -o "lowerdir=$layers:host,upperdir=upper,workdir=work" root
  mount -n -a -T added.fstab 2>/dev/null || :
}

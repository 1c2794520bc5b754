# Arguments: patterns of names in /dev; "--"; links in /dev, each as its name and its target.
# shellcheck disable=SC2086
enter() {
  here=$PWD
  cd root || exit
  pivot_root . run
  cd /
  mount -n -a -T "/run$here/base.fstab"
  devices=
  while [ "$1" != -- ]; do
    for device in /run/dev/$1; do [ ! -e "$device" ] || devices="$devices $device"; done
    shift
  done
  shift
  cp -a $devices /dev/
  while [ $# -gt 0 ]; do
    ln -s "$2" "/dev/$1"
    shift 2
  done
}

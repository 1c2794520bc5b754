# A sandbox with its own network has its own view of /sys. One that shares the machine's network may not have one.
enter() {
  mount -n -t sysfs -o ro,nosuid,nodev,noexec sysfs root/sys 2>&- || mount -n --rbind /sys root/sys
  mount -n -a -T kernel.fstab
  cd root || exit
  pivot_root . run
}

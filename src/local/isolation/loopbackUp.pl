# Raises the loopback: SIOCSIFFLAGS with IFF_UP and IFF_RUNNING.
socket(my $s, 2, 1, 0) or exit 1;
ioctl($s, 0x8914, my $request = pack("a16sx14", "lo", 0x41)) or exit 1;

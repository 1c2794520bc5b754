# Creates the outward device of a network namespace, and passes packets between the device and its own stdin and stdout.
# Writes "ready" or an error to stderr, and ends with stdin.
#
# Arguments: the device's address; the gateway's; the netmask; the largest packet in bytes. The numbers are TUNSETIFF with
# IFF_TUN and IFF_NO_PI, SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFMTU, SIOCSIFFLAGS with IFF_UP and IFF_RUNNING, and SIOCADDRT
# with RTF_UP and RTF_GATEWAY, of Linux's <linux/if_tun.h> and <linux/sockios.h>.
use Fcntl;
my ($own, $gateway, $mask, $size) = @ARGV;
sub address { pack "S n C4 x8", 2, 0, split /\./, shift }
sysopen my $device, "/dev/net/tun", O_RDWR | O_NONBLOCK or die "/dev/net/tun: $!\n";
ioctl $device, 0x400454ca, my $made = pack "a16 S x22", "outside", 0x1001 or die "tunnel device: $!\n";
socket my $control, 2, 2, 0 or die "socket: $!\n";
sub configure { my ($request, $name, $value) = @_; ioctl $control, $request, my $data = pack "a16 a24", $name, $value or die "$name: $!\n" }
configure 0x8914, "lo", pack "S", 0x41;
configure 0x8916, "outside", address $own;
configure 0x891c, "outside", address $mask;
configure 0x8922, "outside", pack "i", $size;
configure 0x8914, "outside", pack "S", 0x41;
ioctl $control, 0x890b, my $route = pack "x8 a16 a16 a16 S x62", address("0.0.0.0"), address($gateway), address("0.0.0.0"), 3 or die "route: $!\n";
syswrite STDERR, "ready\n";
close STDERR;
my ($waiting, $packet, $out) = ("", "", "");
my $both = "";
vec($both, $_, 1) = 1 for fileno STDIN, fileno $device;
for (;;) {
  select my $ready = $both, undef, undef, undef;
  if (vec $ready, fileno $device, 1) {
    while (length $out < 262144 && sysread $device, $packet, 65536) { $out .= $packet if ord($packet) >> 4 == 4 }
    while (length $out) { my $sent = syswrite STDOUT, $out; exit unless $sent; substr $out, 0, $sent, "" }
  }
  if (vec $ready, fileno STDIN, 1) {
    exit unless sysread STDIN, $waiting, 262144, length $waiting;
    while (length $waiting >= 20) {
      my $length = unpack "x2 n", $waiting;
      last if $length > length $waiting;
      syswrite $device, substr $waiting, 0, $length, "";
    }
  }
}

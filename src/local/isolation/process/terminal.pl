# Becomes a program on the terminal whose master side is an open descriptor. Arguments: Node's name for the platform; rows;
# columns; the descriptor; the program. The numbers are the requests TIOCSPTLCK, TIOCGPTN, TIOCSWINSZ and TIOCSCTTY of
# Linux's <asm-generic/ioctls.h>, and TIOCPTYGRANT, TIOCPTYUNLK, TIOCPTYGNAME, TIOCSWINSZ and TIOCSCTTY of macOS's
# <sys/ttycom.h>.
use POSIX ();
my ($platform, $rows, $columns, $descriptor) = splice @ARGV, 0, 4;
open my $master, "+<&=", $descriptor or die "terminal: $!";
my ($zero, $answer, $size) = (pack("i", 0), "\0" x 128, pack("S4", $rows, $columns, 0, 0));
my ($name, $own);
if ($platform eq "darwin") {
  ioctl $master, 0x20007454, $zero or die "grant: $!";
  ioctl $master, 0x20007452, $zero or die "unlock: $!";
  ioctl $master, 0x40807453, $answer or die "name: $!";
  ($name, $own) = (unpack("Z*", $answer), 0x20007461);
} else {
  ioctl $master, 0x40045431, $zero or die "unlock: $!";
  ioctl $master, 0x80045430, $answer or die "name: $!";
  ($name, $own) = ("/dev/pts/" . unpack("i", $answer), 0x540E);
}
open my $slave, "+<", $name or die "$name: $!";
ioctl $slave, $own, $zero or die "control: $!";
ioctl $slave, $platform eq "darwin" ? 0x80087467 : 0x5414, $size or die "size: $!";
POSIX::dup2(fileno $slave, $_) for 0 .. 2;
POSIX::close($_) for 3 .. 9;
exec { $ARGV[0] } @ARGV or POSIX::_exit(126);

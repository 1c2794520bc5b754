import { constants } from "node:fs";
import { access } from "node:fs/promises";

/** The descriptor of the terminal's master side in a helper. */
const MASTER = 4;

/**
 * A command prefix that gives a program the terminal whose master side is open at `MASTER`. Node has no `ioctl`, but a
 * machine that runs VS Code has Perl or Python. Rejects if it has neither.
 */
export async function terminalHelper(size: { rows: number; columns: number }): Promise<string[]> {
  const words = [process.platform, String(size.rows), String(size.columns)];
  for (const { program, flags, script } of HELPERS)
    if (await isExecutable(program)) return [program, ...flags, script, ...words];
  throw new Error("A terminal needs perl or python3 on the machine that runs the local backend.");
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// The numbers are the requests TIOCSPTLCK, TIOCGPTN, TIOCSWINSZ and TIOCSCTTY of Linux's <asm-generic/ioctls.h>, and
// TIOCPTYGRANT, TIOCPTYUNLK, TIOCPTYGNAME, TIOCSWINSZ and TIOCSCTTY of macOS's <sys/ttycom.h>.
const PERL = `
use POSIX ();
my ($platform, $rows, $columns) = splice @ARGV, 0, 3;
open my $master, "+<&=", ${MASTER} or die "terminal: $!";
my ($zero, $answer, $size) = (pack("i", 0), "\\0" x 128, pack("S4", $rows, $columns, 0, 0));
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
`;

const PYTHON = `
import fcntl, os, struct, sys
platform, rows, columns = sys.argv[1:4]
zero, size = struct.pack("i", 0), struct.pack("HHHH", int(rows), int(columns), 0, 0)
if platform == "darwin":
    fcntl.ioctl(${MASTER}, 0x20007454, zero)
    fcntl.ioctl(${MASTER}, 0x20007452, zero)
    name = fcntl.ioctl(${MASTER}, 0x40807453, bytes(128)).split(b"\\0")[0].decode()
    own, resize = 0x20007461, 0x80087467
else:
    fcntl.ioctl(${MASTER}, 0x40045431, zero)
    name = "/dev/pts/%d" % struct.unpack("i", fcntl.ioctl(${MASTER}, 0x80045430, zero))
    own, resize = 0x540E, 0x5414
slave = os.open(name, os.O_RDWR)
fcntl.ioctl(slave, own, 0)
fcntl.ioctl(slave, resize, size)
for stream in range(3):
    os.dup2(slave, stream)
os.closerange(3, 10)
os.execvp(sys.argv[4], sys.argv[4:])
`;

// macOS has Perl; its /usr/bin/python3 may be a stand-in that opens an installer.
const HELPERS = [
  { program: "/usr/bin/perl", flags: ["-e"], script: PERL },
  { program: "/usr/bin/python3", flags: ["-ISc"], script: PYTHON },
  { program: "/usr/local/bin/python3", flags: ["-ISc"], script: PYTHON },
];

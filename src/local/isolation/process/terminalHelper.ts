import { constants } from "node:fs";
import { access } from "node:fs/promises";
import PERL from "./terminal.pl";
import PYTHON from "./terminal.py";

/** The descriptor of the terminal's master side in a helper. */
const MASTER = 4;

/**
 * A command prefix that gives a program the terminal whose master side is open at `MASTER`. Node has no `ioctl`, but a
 * machine that runs VS Code has Perl or Python. Rejects if it has neither.
 */
export async function terminalHelper(size: { rows: number; columns: number }): Promise<string[]> {
  const words = [process.platform, String(size.rows), String(size.columns), String(MASTER)];
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

// macOS has Perl; its /usr/bin/python3 may be a stand-in that opens an installer.
const HELPERS = [
  { program: "/usr/bin/perl", flags: ["-e"], script: PERL },
  { program: "/usr/bin/python3", flags: ["-ISc"], script: PYTHON },
  { program: "/usr/local/bin/python3", flags: ["-ISc"], script: PYTHON },
];

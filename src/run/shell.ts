import { randomBytes } from "node:crypto";
import { collect, type ExecGateway } from "../modal/exec";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** An interactive shell in a sandbox. */
export interface Shell {
  readonly output: AsyncIterable<Uint8Array>;
  readonly exitCode: Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
  stop(): Promise<void>;
}

const CALL_TIMEOUT_MS = 15_000;

/**
 * The SDK fixes a terminal's size at 24 × 80 and cannot change it: the shell notes the terminal's device, and `stty`
 * sets the size there.
 */
const OPEN = `mkdir -p "\${1%/*}" && { tty; echo $$; } >"$1"
stty rows "$2" cols "$3" 2>/dev/null
cd "$4" 2>/dev/null
if command -v bash >/dev/null 2>&1; then exec bash -l; fi
exec sh -l`;

const RESIZE = '{ read -r device; } <"$1" && stty rows "$2" cols "$3" <"$device"';

const STOP = '{ read -r device; read -r pid; } <"$1" && kill -s HUP -- "-$pid" 2>/dev/null || kill -s HUP "$pid"';

export async function openShell(
  exec: ExecGateway,
  sandboxId: string,
  workdir: string,
  size: TerminalSize,
  signal: AbortSignal,
): Promise<Shell> {
  const notes = `/tmp/.modal-sandboxes/${randomBytes(6).toString("hex")}.tty`;
  const run = async (script: string, ...args: string[]) => {
    const argv = ["sh", "-c", script, "sh", notes, ...args];
    await collect(await exec.exec(sandboxId, argv, {}, AbortSignal.timeout(CALL_TIMEOUT_MS)));
  };
  const sizeArgs = ({ rows, columns }: TerminalSize) => [String(rows), String(columns)];
  const argv = ["sh", "-c", OPEN, "sh", notes, ...sizeArgs(size), workdir];
  const process = await exec.exec(sandboxId, argv, { pty: true }, signal);
  return {
    output: process.stdout,
    exitCode: process.exitCode,
    write: (bytes) => process.write(bytes),
    resize: (newSize) => run(RESIZE, ...sizeArgs(newSize)),
    stop: () => run(STOP),
  };
}

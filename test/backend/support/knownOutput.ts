import { createHash } from "node:crypto";

/**
 * Every line has characters of one to four bytes and a color sequence, so that any boundary between chunks splits some.
 */
const line = (index: number) => `\x1b[3${index % 8}m${index} ä 漢字 🙂 ${"═".repeat(index % 97)}\x1b[0m\n`;

const LINES = 55_000;

export const KNOWN_EXIT_CODE = 17;

/**
 * A Python program that writes ten megabytes in about two seconds, every twentieth line to stderr, and exits with 17.
 */
export const KNOWN_PROGRAM = `import sys, time
out, err = sys.stdout.buffer, sys.stderr.buffer
for i in range(${LINES}):
    (err if i % 20 == 0 else out).write(f"\\x1b[3{i % 8}m{i} ä 漢字 🙂 {'═' * (i % 97)}\\x1b[0m\\n".encode())
    if i % 500 == 0:
        out.flush()
        time.sleep(0.015)
out.flush()
sys.exit(${KNOWN_EXIT_CODE})
`;

export const digest = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** Digests of the program's output. */
export function knownOutput(): { readonly stdout: string; readonly stderr: string; readonly sizeBytes: number } {
  const out: string[] = [];
  const err: string[] = [];
  for (let index = 0; index < LINES; index++) (index % 20 === 0 ? err : out).push(line(index));
  const [stdout, stderr] = [Buffer.from(out.join("")), Buffer.from(err.join(""))];
  return { stdout: digest(stdout), stderr: digest(stderr), sizeBytes: stdout.length + stderr.length };
}

import type { CallContext } from "nice-grpc";
import { isAbort } from "../../../base/errors";
import type { Sandbox } from "../../sandbox/sandbox";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import { invalidArgument } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import { timeLimit } from "../../base/timeLimit";

const STDOUT = 1;
const STDERR = 2;

/** The first generation's calls for a command's output (as text, by entry) and input (by index). */
export function sandboxOutputService(sandboxes: SandboxStore): ControlPlane {
  const written = new WeakMap<Sandbox, number>();

  return {
    async *sandboxGetLogs({ sandboxId, fileDescriptor, timeout, lastEntryId }, { signal }: CallContext) {
      const sandbox = sandboxes.get(sandboxId);
      if (fileDescriptor !== STDOUT && fileDescriptor !== STDERR)
        throw invalidArgument("Only stdout and stderr are available.");
      const spool = fileDescriptor === STDOUT ? sandbox.stdout : sandbox.stderr;

      // An entry's id is the offset of the next one.
      let offset = Number.parseInt(lastEntryId, 10) || 0;
      let rest: Buffer = Buffer.alloc(0);
      const limit = timeLimit(timeout, signal);
      try {
        for await (const data of spool.read(offset, limit.signal)) {
          const bytes = rest.length > 0 ? Buffer.concat([rest, data]) : data;
          const end = completeLength(bytes);
          rest = bytes.subarray(end);
          if (end === 0) continue;
          offset += end;
          yield entry(offset, fileDescriptor, bytes.subarray(0, end));
        }
      } catch (error) {
        // The client opens the next stream at the offset where this one ends.
        if (isAbort(error) && !signal.aborted) return;
        throw error;
      } finally {
        limit.dispose();
      }
      if (rest.length > 0) yield entry(offset + rest.length, fileDescriptor, rest);
      yield { entryId: `${offset + rest.length}-0`, items: [], eof: true };
    },

    async sandboxStdinWrite({ sandboxId, input, index, eof }, { signal }) {
      const sandbox = sandboxes.get(sandboxId);
      const { stdin } = sandbox.container.entrypoint();
      sandbox.activity.touch();
      if (index > (written.get(sandbox) ?? 0)) {
        written.set(sandbox, index);
        await stdin.write(stdin.accepted, input, signal);
      }
      if (eof) stdin.close();
      return {};
    },
  };
}

const entry = (end: number, fileDescriptor: typeof STDOUT | typeof STDERR, data: Buffer) => ({
  entryId: `${end}-0`,
  items: [{ data: data.toString("utf8"), fileDescriptor }],
});

/** The length of `bytes` without an incomplete character at the end. */
function completeLength(bytes: Buffer): number {
  const lastFour = Math.max(0, bytes.length - 4);
  for (let i = bytes.length - 1; i >= lastFour; i--) {
    const byte = bytes[i] ?? 0;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (isContinuation) continue;
    return i + sequenceLength(byte) > bytes.length ? i : bytes.length;
  }
  return bytes.length;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

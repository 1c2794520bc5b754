import type { Sandbox } from "modal";

import { InputStream } from "../../../src/modal/inputStream";
import type { Exec } from "../../../src/sync/remote/remoteProcess";

/** The part of a sandbox that a push uses. */
export const execIn =
  (sandbox: Sandbox): Exec =>
  async (argv) => {
    const process = await sandbox.exec(argv, { mode: "binary" });
    const input = new InputStream(process);
    const output = Promise.all([text(process.stdout), text(process.stderr)]);
    return {
      write: (bytes) => input.write(bytes),
      closeInput: () => input.closeInput(),
      output: output.then(([stdout, stderr]) => ({ stdout, stderr })),
      exitCode: process.wait(),
    };
  };

export async function chunksOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const text = async (stream: ReadableStream<Uint8Array>): Promise<string> =>
  Buffer.concat(await chunksOf(stream)).toString();

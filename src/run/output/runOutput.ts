/** A chunk of the program's own output. */
export interface RunOutput {
  readonly bytes: Uint8Array;
  readonly stream: "stdout" | "stderr";
}

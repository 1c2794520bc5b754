/** Some of the program's own bytes. */
export interface RunOutput {
  readonly bytes: Uint8Array;
  readonly stream: "stdout" | "stderr";
}

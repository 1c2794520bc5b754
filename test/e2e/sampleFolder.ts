import { execFileSync } from "node:child_process";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { testEnvironment } from "./environment";

/** A copy of the sample folder in a new temporary folder, which the caller removes by its parent. */
export async function copySampleFolder(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), "modal-sandboxes-")), "sample");
  await cp(join(testEnvironment().root, "test", "fixtures", "sample"), folder, { recursive: true });
  return folder;
}

/** The sample's programs in a language that this machine runs: the local backend runs them with what the machine has. */
export function samplePrograms(): { readonly train: string; readonly server: string } {
  const extension = hasPython() ? "py" : "mjs";
  return { train: `train.${extension}`, server: `server.${extension}` };
}

function hasPython(): boolean {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

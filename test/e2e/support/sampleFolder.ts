import { execFileSync } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";

import { testEnvironment } from "./environment";

/** @returns A copy of the sample folder in another one. */
export async function copySampleFolder(parent: string): Promise<string> {
  const folder = join(parent, "sample");
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

import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../base/errors";

/**
 * Identifies this installation on this machine. It is random, because machines share names and paths. It includes the
 * machine's name, because machines share folders, and a copied folder must get its own id.
 */
export async function installIdOf(folder: string, hostName: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "install-id");
  const host = createHash("sha256").update(hostName).digest("hex").slice(0, 8);
  return `${(await readId(file)) ?? (await makeId(file))}-${host}`;
}

const ID = /^[0-9a-f]{16}$/;

async function makeId(file: string): Promise<string> {
  const made = randomBytes(8).toString("hex");
  try {
    // If two windows start at the same time, only one of them creates the file.
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(made);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return made;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const other = await readId(file);
    if (other === undefined) throw new Error(`${file} doesn't contain an id.`, { cause: error });
    return other;
  }
}

/** Waits a moment if the file is being written. */
async function readId(file: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      const id = await readFile(file, "utf8");
      if (ID.test(id)) return id;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}

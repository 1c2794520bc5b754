import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FolderLock } from "../../../src/base/folderLock";

/** Increments a number in a file under the lock of a folder. A separate process, so that tests can run several. */
async function main(): Promise<void> {
  const [folder = "", times = "", hold = ""] = process.argv.slice(2);
  const lock = new FolderLock(join(folder, "lock"), 60_000, hold === "leavesNothing");
  const file = join(folder, "count");
  for (let time = 0; time < Number(times); time += 1)
    await lock.run(async () => {
      await writeFile(file, String(Number(await readFile(file, "utf8")) + 1));
    });
  if (hold === "hold")
    await lock.run(async () => {
      process.stdout.write("held\n");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });
}

void main();

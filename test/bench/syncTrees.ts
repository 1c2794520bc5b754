import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** 10,000 files of text of up to 15 KB, 77 MB in all, in 940 folders. */
export function makeProject(root: string): void {
  for (let folder = 0; folder < 940; folder += 1) {
    const path = join(root, `area${folder % 30}`, `module${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 11; file += 1) {
      const size = 200 + (((folder * 11 + file) * 7919) % 15_000);
      writeFileSync(join(path, `file${file}.txt`), Buffer.alloc(size, `line ${folder} ${file}\n`));
    }
  }
}

/** Two files of 200 MB. */
export function makeBigFiles(root: string): void {
  for (const name of ["train.bin", "test.bin"]) writeFileSync(join(root, name), Buffer.alloc(200_000_000, name));
}

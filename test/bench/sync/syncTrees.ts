import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Creates 10,340 text files of up to 15 KB (80 MB in total) in 970 folders. */
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

/** Creates 1,000 files of 16 KB that compress to less than a third, like source code. */
export function makeSource(root: string): void {
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  const words = Array.from({ length: 400 }, () =>
    next(2 ** 24)
      .toString(36)
      .padEnd(3 + next(9), "e"),
  );
  const line = () => `${" ".repeat(next(4) * 2)}${Array.from({ length: 6 }, () => words[next(400)]).join(" ")}\n`;
  for (let file = 0; file < 1000; file += 1) {
    mkdirSync(join(root, `package${file % 50}`), { recursive: true });
    const lines: string[] = [];
    for (let bytes = 0; bytes < 16_000; bytes += lines.at(-1)?.length ?? 0) lines.push(line());
    writeFileSync(join(root, `package${file % 50}`, `module${file}.py`), lines.join(""));
  }
}

/** Creates 40,000 small files in `node_modules`, and a rules file that ignores another 5,000. */
export function makeIgnored(root: string): void {
  makeFiles(join(root, "node_modules"), { folders: 2000, filesEach: 20, bytes: 100 });
  makeFiles(join(root, "generated"), { folders: 250, filesEach: 20, bytes: 100 });
  writeFileSync(join(root, ".gitignore"), "/generated\n");
}

/** Creates incompressible files of 200 MB. */
export function makeBigFiles(root: string, count: number): void {
  const noise = Buffer.alloc(200_000_000);
  for (let at = 0, value = 1; at < noise.length; at += 4) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    noise.writeUInt32LE(value, at);
  }
  for (let file = 0; file < count; file += 1) writeFileSync(join(root, `part${file}.bin`), noise);
}

/** Creates 100,000 files of 340 bytes in 2,000 folders. */
export const makeTiny = (root: string): void => makeFiles(root, { folders: 2000, filesEach: 50, bytes: 340 });

/** Creates a tenth of that. */
export const makeFewTiny = (root: string): void => makeFiles(root, { folders: 200, filesEach: 50, bytes: 340 });

function makeFiles(root: string, { folders, filesEach, bytes }: Record<"folders" | "filesEach" | "bytes", number>) {
  const content = Buffer.alloc(bytes, "some text of a small file\n");
  for (let folder = 0; folder < folders; folder += 1) {
    const path = join(root, `group${folder % 40}`, `folder${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < filesEach; file += 1) writeFileSync(join(path, `file${file}.txt`), content);
  }
}

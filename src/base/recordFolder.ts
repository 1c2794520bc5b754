import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./errors";

/**
 * Small records on disk, one file each, that several processes may read and write concurrently. A record is always
 * complete, and it survives a power failure once `put` has settled.
 */
export class RecordFolder<T> {
  readonly #folder: string;
  readonly #parse: (value: unknown) => T | undefined;

  /** @param parse turns a file's JSON into a record; `undefined` if it isn't one */
  constructor(folder: string, parse: (value: unknown) => T | undefined) {
    this.#folder = folder;
    this.#parse = parse;
  }

  /** Returns every record by its name, without files that are not valid records. */
  async all(): Promise<ReadonlyMap<string, T>> {
    const files = (await orNothing(readdir(this.#folder))) ?? [];
    const names = files.filter((file) => file.endsWith(EXTENSION)).map((file) => nameOf(file));
    const records = await Promise.all(names.map(async (name) => [name, await this.get(name)] as const));
    return new Map(records.flatMap(([name, record]) => (record === undefined ? [] : [[name, record] as const])));
  }

  async get(name: string): Promise<T | undefined> {
    const text = await orNothing(readFile(this.#file(name), "utf8"));
    return text === undefined ? undefined : this.#parse(parseJson(text));
  }

  async put(name: string, record: T): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#file(name);
    const half = `${file}.${randomBytes(4).toString("hex")}.tmp`;
    try {
      await writeThrough(half, JSON.stringify(record));
      await rename(half, file);
    } catch (error) {
      await rm(half, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#file(name), { force: true });
  }

  #file(name: string): string {
    return join(this.#folder, encodeURIComponent(name) + EXTENSION);
  }
}

const EXTENSION = ".json";

const nameOf = (file: string): string => {
  try {
    return decodeURIComponent(file.slice(0, -EXTENSION.length));
  } catch {
    return file;
  }
};

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name survives a power failure only after its folder is synced. Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function orNothing<V>(reading: Promise<V>): Promise<V | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

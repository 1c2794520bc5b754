import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { inlineScripts, readSourceFiles, type Import, type SourceFile } from "./support/sourceFiles";

/** From the lowest up; folders in one entry do not know each other. */
const RANKS = [["base"], ["auth"], ["modal"], ["sandboxes"], ["sync"], ["run"], ["services"], ["ui"], ["extension.ts"]];

/** The same for the local backend: its folders, sub-folders and files relative to `src/local`. */
const LOCAL_RANKS = [
  ["base"],
  ["protocol"],
  ["network"],
  ["isolation/process"],
  ["isolation/host"],
  ["isolation/network"],
  ["isolation/root"],
  ["isolation"],
  ["tls", "faults", "streams"],
  ["account"],
  ["storage"],
  ["images"],
  ["sandbox"],
  ["functions"],
  ["pages", "connect"],
  ["stores.ts"],
  ["services/account", "services/storage"],
  ["services/functions", "services/sandbox"],
  ["services"],
  ["server.ts"],
  ["main.ts"],
];

/** Runs inside a sandbox as a program of its own. */
const SANDBOX_FS = "local/sandboxFs/";

/** The file that the build puts into the chunk of the SDK. */
const SDK_CHUNK = "modal/sdk.ts";

/** A separate program, which shares nothing but the vocabulary. */
const LOCAL = "local";

const VIEWS = ["ui", "extension.ts"];

const MAX_LINES = 300;

/** `activate` builds the services and hands them to the UI, and does nothing else. */
const MAX_ENTRY_LINES = 120;

const files = readSourceFiles();

describe("the architecture", () => {
  it("puts every source file in a folder with a rank", () => {
    const homeless = files.filter((file) => folderOf(file.path) !== LOCAL && rankOf(file.path) < 0);
    assert.deepEqual(paths(homeless), []);
  });

  it("lets a file import its own folder or one of a lower rank", () => assert.deepEqual(offences(mayImport), []));

  it("puts every file of the local backend in a folder with a rank", () => {
    const homeless = files.filter(({ path }) => isLocal(path) && !path.startsWith(SANDBOX_FS) && !localEntryOf(path));
    assert.deepEqual(paths(homeless), []);
  });

  it("lets a file of the local backend import its own folder or one of a lower rank", () => {
    assert.deepEqual(
      offences(({ path }, { target }) => {
        if (!isLocal(path) || target === undefined || !isLocal(target)) return true;
        if (path.startsWith(SANDBOX_FS) || target.startsWith(SANDBOX_FS))
          return path.startsWith(SANDBOX_FS) && target.startsWith(SANDBOX_FS);
        const [from, to] = [localEntryOf(path), localEntryOf(target)];
        return from !== undefined && to !== undefined && (from === to || localRankOf(to) < localRankOf(from));
      }),
      [],
    );
  });

  it("has a source file for every relative import", () => {
    assert.deepEqual(
      offences((_file, { specifier, target }) => !specifier.startsWith(".") || target !== undefined),
      [],
    );
  });

  it("keeps a script for a shell or for Python in a separate file, unless it is one plain command", () => {
    const inline = files.flatMap(({ path, tree }) => inlineScripts(tree).map((script) => ({ path, script })));
    assert.deepEqual(
      inline.filter(({ script }) => !/^[\w.,=/ -]+$/.test(script)),
      [],
    );
  });

  it("lets only ui and extension.ts import VS Code, even as a type", () => {
    assert.deepEqual(
      offences(({ path }, { specifier }) => specifier !== "vscode" || VIEWS.includes(folderOf(path))),
      [],
    );
  });

  it("lets only modal import the SDK's values, and besides it only local import its types", () => {
    assert.deepEqual(
      offences(({ path }, { specifier, kind }) => {
        if (specifier !== "modal") return true;
        return folderOf(path) === "modal" || (folderOf(path) === LOCAL && kind === "type");
      }),
      [],
    );
  });

  it("keeps the SDK in a separate chunk, which no file loads when it is loaded itself", () => {
    assert.deepEqual(
      offences(({ path }, { specifier, target, kind }) => {
        if (specifier !== "modal" && target !== SDK_CHUNK) return true;
        return kind !== "value" || path === SDK_CHUNK;
      }),
      [],
    );
  });

  it("limits a file to 300 lines, and extension.ts to 120", () => {
    const most = (path: string) => (path === "extension.ts" ? MAX_ENTRY_LINES : MAX_LINES);
    const long = files.filter(({ path, tree }) => lineCount(tree) > most(path));
    assert.deepEqual(
      long.map(({ path, tree }) => `${path}: ${lineCount(tree)}`),
      [],
    );
  });

  it("lets no file import itself through others", () => assert.deepEqual(cycles(files), []));

  it("lets no file re-export the exports of another or have a default export", () => {
    assert.deepEqual(paths(files.filter(({ path, reexports }) => reexports.length > 0 && path !== SDK_CHUNK)), []);
    assert.deepEqual(paths(files.filter(({ hasDefaultExport }) => hasDefaultExport)), []);
  });
});

function mayImport({ path }: SourceFile, { target }: Import): boolean {
  if (target === undefined) return true;
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to) return true;
  return from === LOCAL ? to === "base" : rankOf(target) >= 0 && rankOf(target) < rankOf(path);
}

const folderOf = (path: string): string => path.split("/", 1).join("");

const isLocal = (path: string): boolean => path.startsWith(`${LOCAL}/`);

/** The closest entry of `LOCAL_RANKS` that a file is in: the table names some sub-folders next to their parents. */
function localEntryOf(path: string): string | undefined {
  const isIn = (entry: string) => path === `${LOCAL}/${entry}` || path.startsWith(`${LOCAL}/${entry}/`);
  return LOCAL_RANKS.flat()
    .filter(isIn)
    .sort((a, b) => b.length - a.length)[0];
}

const localRankOf = (entry: string): number => LOCAL_RANKS.findIndex((entries) => entries.includes(entry));

const rankOf = (path: string): number => RANKS.findIndex((folders) => folders.includes(folderOf(path)));

/** A line break at the end of the file begins no other line. */
const lineCount = (tree: SourceFile["tree"]): number => tree.getLineStarts().length - 1;

const paths = (found: readonly SourceFile[]): string[] => found.map(({ path }) => path);

const offences = (isAllowed: (file: SourceFile, imported: Import) => boolean): string[] =>
  files.flatMap((file) =>
    file.imports
      .filter((imported) => !isAllowed(file, imported))
      .map(({ specifier }) => `${file.path} imports ${specifier}`),
  );

/** Each cycle once, as its path from the file where it was met first. Types count: they couple as values do. */
function cycles(all: readonly SourceFile[]): string[] {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (done.has(path) || trail.includes(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) if (target) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of all) walk(path, []);
  return found;
}

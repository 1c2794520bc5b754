import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createVSIX } from "@vscode/vsce";

/**
 * `node test/package.mjs [repository address] [--out FILE]`: packages what `node esbuild.config.mjs` built. Without an
 * argument the address comes from `git remote`. It becomes the package's `repository`, `bugs` and `homepage`, and makes
 * the README's and the changelog's links absolute. The package is made in a copy, so an interruption changes no file.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: join(root, "dist", "modal-sandboxes.vsix") } },
});
const [address = await remoteAddress()] = positionals;
const repository = address === undefined ? undefined : parseAddress(address);

if (repository === undefined && positionals.length > 0)
  fail(`"${address}" is not the address of a GitHub or GitLab repository, such as https://github.com/owner/name.`);
console.log(
  repository
    ? `The repository is ${repository.url}.`
    : "There is no repository address: `git remote` has none on GitHub or GitLab, and none was given as an argument. " +
        "The package is made without links to a repository, and its README without pictures.",
);

const copy = await mkdtemp(join(tmpdir(), "modal-sandboxes-package-"));
try {
  await copyFiles();
  await edit("package.json", (text) => JSON.stringify({ ...JSON.parse(text), ...repository?.manifest }, null, 2));
  if (!repository) await edit("README.md", withoutPictures);
  await createVSIX({
    cwd: copy,
    packagePath: values.out,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: repository !== undefined,
    baseContentUrl: repository?.files,
    baseImagesUrl: repository?.pictures,
  });
} finally {
  await rm(copy, { recursive: true, force: true });
}

/** The address of `origin`, or else of the first remote. */
async function remoteAddress() {
  const git = async (...args) => (await promisify(execFile)("git", args, { cwd: root })).stdout.trim();
  try {
    const names = (await git("remote")).split("\n").filter(Boolean);
    const name = names.includes("origin") ? "origin" : names[0];
    return name && (await git("remote", "get-url", name));
  } catch {
    // There is no git, or the folder is no clone.
    return undefined;
  }
}

/** Reads https and ssh addresses, and `git@host:owner/name`. Credentials in them stay out of the result. */
function parseAddress(text) {
  const url = text.replace(/^(?:[\w.-]+@)?([\w.-]+):(?!\/)/, "ssh://$1/");
  const { host, path } =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?(?<host>[\w.-]+)(?::\d+)?\/(?<path>.+)$/.exec(url)?.groups ?? {};
  const project = path?.replace(/\/+$/, "").replace(/\.git$/, "");
  if (!/^[\w.-]+(?:\/[\w.-]+)+$/.test(project ?? "")) return undefined;

  const web = `https://${host}/${project}`;
  if (host === "github.com" && project.split("/").length === 2) return describe(web, web);
  if (/(^|\.)gitlab\./.test(host)) return describe(web, `${web}/-`);
  return undefined;
}

function describe(web, pages) {
  return {
    url: web,
    manifest: {
      repository: { type: "git", url: `${web}.git` },
      bugs: { url: `${pages}/issues` },
      homepage: `${web}#readme`,
    },
    files: `${pages}/blob/HEAD`,
    pictures: `${pages}/raw/HEAD`,
  };
}

/** The folders of .vscodeignore and the files at the top. */
async function copyFiles() {
  for (const name of ["package.json", ".vscodeignore", "README.md", "CHANGELOG.md", "LICENSE", "dist", "media"])
    await cp(join(root, name), join(copy, name), {
      recursive: true,
      filter: (source) => !relative(root, source).endsWith(".vsix"),
    });
}

async function edit(name, change) {
  const path = join(copy, name);
  await writeFile(path, change(await readFile(path, "utf8")));
}

/** VS Code's page of an extension shows only pictures with an https address, and a broken one in place of any other. */
function withoutPictures(readme) {
  return readme.replace(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n+/gm, "");
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

import { build, context } from "esbuild";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * The build: `node esbuild.config.mjs [--watch] [--tests]`.
 *
 * dist/extension.mjs    the entry that VS Code activates. It loads ui/window.ts when the extension is first used
 * dist/syncWorker.mjs   the entry of the thread that syncs the folder
 * dist/*-HASH.mjs       the chunks that these two share, and those that they load on first use, such as the SDK
 * dist/local.js         the local backend, which is a separate program
 * dist/sandboxFs.js     the filesystem tool that the local backend runs inside a sandbox
 * out/test/**           with --tests: every test file, packages left external
 */
const args = new Set(process.argv.slice(2));

/**
 * `modal/definitions` is the SDK that also exports its two service definitions, so that the local backend uses exactly
 * the protocol of the bundled SDK. If a release of the SDK renames them, the build fails here.
 */
const definitions = {
  name: "modal-definitions",
  setup(build) {
    const names = ["ModalClientDefinition", "TaskCommandRouterDefinition"];
    build.onResolve({ filter: /^modal\/definitions$/ }, async ({ resolveDir }) => {
      const { path } = await build.resolve("modal", { resolveDir, kind: "import-statement" });
      return { path, namespace: "modal-definitions" };
    });
    build.onLoad({ filter: /.*/, namespace: "modal-definitions" }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      for (const name of names)
        if (!source.includes(`var ${name} = {`)) throw new Error(`The modal package no longer defines ${name}.`);
      return { contents: `${source}\nexport { ${names.join(", ")} };`, resolveDir: path.replace(/[^/\\]+$/, "") };
    });
  },
};

/** Removes comments from shell scripts, which are sent with every exec: Modal limits its words to 64 KiB. */
const scripts = {
  name: "scripts",
  setup(build) {
    build.onLoad({ filter: /\.sh$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(/^\s*(?:#.*)?\n/gm, ""),
      loader: "text",
    }));
  },
};

const shared = {
  bundle: true,
  loader: { ".py": "text", ".pl": "text" },
  plugins: [scripts],
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "warning",
};

const product = { ...shared, minify: true, legalComments: "none", outdir: "dist", metafile: true };

const builds = [
  {
    ...product,
    entryPoints: { extension: "src/extension.ts", syncWorker: "src/sync/worker/syncWorker.ts" },
    format: "esm",
    splitting: true,
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    target: "node22",
    external: ["vscode"],
    // The SDK's CommonJS dependencies call `require` for Node's own modules.
    banner: { js: `import{createRequire}from"node:module";const require=createRequire(import.meta.url);` },
  },
  { ...product, keepNames: true, entryPoints: { local: "src/local/main.ts" }, plugins: [scripts, definitions] },
  { ...product, keepNames: true, entryPoints: { sandboxFs: "src/local/sandboxFs/main.ts" } },
];

if (args.has("--tests")) {
  await rm("out/test", { recursive: true, force: true });
  builds.push({
    ...shared,
    entryPoints: ["support", "unit", "backend", "vscode", "e2e", "bench"].map((suite) => `test/${suite}/**/*.ts`),
    outdir: "out/test",
    outbase: "test",
    packages: "external",
    external: ["vscode"],
    sourcemap: "inline",
  });
}

if (args.has("--watch")) for (const options of builds) await (await context(options)).watch();
else await removeStale(await Promise.all(builds.map((options) => build(options))));

/** Removes the files of earlier builds from dist. Otherwise they would become part of the package. */
async function removeStale(results) {
  const written = new Set(results.flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {})));
  for (const name of await readdir("dist"))
    if (/\.m?js$/.test(name) && !written.has(`dist/${name}`)) await rm(join("dist", name));
}

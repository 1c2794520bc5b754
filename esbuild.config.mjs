import { build, context } from "esbuild";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * The build: `node esbuild.config.mjs [--watch] [--tests]`.
 *
 * dist/extension.mjs    the entry that VS Code activates; it loads ui/window.ts when the extension is first used
 * dist/syncWorker.mjs   the entry of the thread that reads and writes the folder
 * dist/*-HASH.mjs       the chunks that these two share, and those that they load on first use, such as the SDK
 * dist/local.js         the local backend, a program of its own
 * dist/sandboxFs.js     the filesystem tool that the local backend runs inside a sandbox
 * out/test/**           with --tests: every test file, packages left external
 */
const args = new Set(process.argv.slice(2));

/**
 * `modal/definitions` is the SDK with its two service definitions exported too, so that the local backend speaks
 * exactly the protocol of the SDK that is bundled. A release that renames them fails here.
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

/** Shell scripts are sent with each exec, whose words Modal limits to 64 KiB: they go without their comments. */
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
    // The SDK's dependencies are CommonJS, which requires Node's own modules.
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

/** Removes what earlier builds left in dist, or it would end up in the package. */
async function removeStale(results) {
  const written = new Set(results.flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {})));
  for (const name of await readdir("dist"))
    if (/\.m?js$/.test(name) && !written.has(`dist/${name}`)) await rm(join("dist", name));
}

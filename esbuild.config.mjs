import { build, context } from "esbuild";
import { readFile, rm } from "node:fs/promises";

/**
 * The build: `node esbuild.config.mjs [--watch] [--tests]`.
 *
 * dist/extension.js   what VS Code activates; small, requires modal.js on first use
 * dist/commands.js    the commands that activation does without, loaded on first use
 * dist/watching.js    what looks at programs while they run, loaded with the first run
 * dist/modal.js       the SDK, a chunk of its own
 * dist/local.js       the local backend, a program of its own
 * dist/sandboxFs.js   the filesystem tool that the local backend runs inside a sandbox
 * out/test/**         with --tests: every test file, packages left external
 */
const args = new Set(process.argv.slice(2));

/** What the extension loads on first use it finds in chunks beside it. */
const chunks = {
  name: "chunks",
  setup(build) {
    build.onResolve({ filter: /^\.\/sdk$/ }, () => ({ path: "./modal.js", external: true }));
    build.onResolve({ filter: /^\.\/ui\/commands\/later$/ }, () => ({ path: "./commands.js", external: true }));
    build.onResolve({ filter: /^\.\/ui\/watching$/ }, () => ({ path: "./watching.js", external: true }));
  },
};

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

const product = { ...shared, minify: true, keepNames: true, legalComments: "none", outdir: "dist" };

/** Every error class says its name itself. */
const extension = { ...product, keepNames: false, target: "node22", external: ["vscode"], plugins: [scripts, chunks] };

const builds = [
  { ...extension, entryPoints: ["src/extension.ts"] },
  { ...extension, entryPoints: { commands: "src/ui/commands/later.ts" } },
  { ...extension, entryPoints: { watching: "src/ui/watching.ts" } },
  { ...product, entryPoints: { modal: "src/modal/sdk.ts" }, target: "node22" },
  { ...product, entryPoints: { local: "src/local/main.ts" }, plugins: [scripts, definitions] },
  { ...product, entryPoints: { sandboxFs: "src/local/sandboxFs/main.ts" } },
  { ...product, entryPoints: { syncWorker: "src/sync/worker/syncWorker.ts" } },
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
else await Promise.all(builds.map((options) => build(options)));

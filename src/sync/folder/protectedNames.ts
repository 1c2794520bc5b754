import { foldName } from "./foldName";

interface ProtectedNames {
  /** Completes the sentence "It was pulled only as a copy, because …". */
  readonly reason: string;
  /** Names of folders, which are protected with their content; `*` matches any characters. */
  readonly folders?: readonly string[];
  /** Names of files and links. */
  readonly files?: readonly string[];
}

/** The reason for rules files. */
export const DECIDES_WHAT_IS_PUSHED = "it decides which files are pushed to sandboxes";

/** The reason for git's own files, including those in a repository that is not called `.git`. */
export const STEERS_GIT = "git reads it, and it can make git run commands";

/** Windows looks for a program in the current folder before it searches the PATH. */
const programsOfWindows = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => ["exe", "com", "bat", "cmd"].map((ending) => `${name}.${ending}`));

/**
 * The names of files that a tool on the user's machine reads on its own, and that can make it run commands, load code
 * or upload files: when a folder is opened or entered, on a commit, in a linter, in an agent. The sandbox's version of
 * such a file is pulled only as a copy that no tool reads. Source files, tests, manifests and build scripts are not
 * listed: they run only when the user runs them. No pattern may match its own copies.
 */
export const PROTECTED: readonly ProtectedNames[] = [
  { reason: DECIDES_WHAT_IS_PUSHED, files: [".gitignore", ".modalignore"] },
  {
    reason: STEERS_GIT,
    folders: [".githooks"],
    // Every repository has a `HEAD`.
    files: ["HEAD", ".gitattributes", ".gitmodules", ".gitconfig"],
  },
  {
    reason: "a version control tool reads it, and it can make that tool run commands",
    folders: [".jj", ".sl", ".bzr", "_darcs"],
  },
  {
    reason: "it can run commands on every commit",
    folders: [".husky", ".lefthook"],
    files: [
      ...[".pre-commit-config.y*ml", ".pre-commit-hooks.y*ml", "lefthook*.y*ml", ".lefthook*.y*ml", "lefthook*.toml"],
      ...["lefthook*.json", ".overcommit.yml"],
    ],
  },
  {
    reason: "an editor reads it when it opens the folder, and it can run commands",
    folders: [".devcontainer", ".idea", ".fleet", ".zed", ".vs", ".helix", ".nvim", ".theia"],
    files: [
      ...["*.code-workspace", ".devcontainer.json", "*.sublime-project", ".nvim.lua", ".dir-locals*.el", ".clangd"],
      ...["*.iml", "*.ipr", "*.iws"],
    ],
  },
  {
    reason: "it tells agents what to do or which programs to start",
    folders: [
      ...[".claude", ".cursor", ".windsurf", ".codex", ".gemini", ".opencode", ".agents", ".roo", ".continue", ".kiro"],
      ...[".junie", ".amazonq", ".clinerules", ".augment", ".crush", ".goose", ".kilocode", ".qwen", ".trae"],
    ],
    files: [
      ...["AGENTS*.md", "AGENT.md", "CLAUDE*.md", "GEMINI.md", ".mcp.json", ".cursorrules", ".windsurfrules"],
      ...[".clinerules", ".roorules", ".aider.*.yml", ".cursorindexingignore", "opencode.json", "opencode.jsonc"],
      ...[".goosehints", ".rules", "QWEN.md"],
    ],
  },
  {
    reason: "a shell or debugger that starts in the folder reads it, and it can run commands",
    folders: [".mise", ".direnv"],
    files: [
      ...[
        ".envrc",
        ".tool-versions",
        "mise*.toml",
        ".mise*.toml",
        ".rtx*.toml",
        ".autoenv",
        ".autoenv.zsh",
        "devbox.json",
      ],
      ...[
        ".bash_profile",
        ".bash_login",
        ".bash_logout",
        ".bash_aliases",
        ".profile",
        ".zshenv",
        ".zprofile",
        ".zlogin",
        ".zlogout",
        ".gdbinit",
        ".lldbinit",
      ],
      ...[".Rprofile", ".Renviron", ".ghci", ".ocamlinit", ".tmux.conf", ".login", ".logout"],
    ],
  },
  {
    reason: "a continuous integration service runs the commands in it",
    folders: [".github", ".gitlab", ".gitea", ".forgejo", ".circleci", ".buildkite", ".woodpecker"],
    files: [
      ...[".gitlab-ci*.y*ml", ".travis.yml", "azure-pipelines*.y*ml", "bitbucket-pipelines.yml", ".drone.y*ml"],
      ...["Jenkinsfile", ".woodpecker.y*ml", "appveyor.yml", ".appveyor.yml", "renovate.json", "renovate.json5"],
    ],
  },
  {
    reason: "a package manager or build tool reads it, and it can make that tool run code",
    folders: [".yarn", ".cargo", ".mvn", ".bundle"],
    files: [
      ".yarnrc.y*ml",
      ".pnpmfile.?js",
      "bunfig.toml",
      "pip.conf",
      "pip.ini",
      "uv.toml",
      "sitecustomize.py",
      "usercustomize.py",
      ...[".pnp.cjs", ".pnp.js", ".pnp.loader.mjs", "Directory.Build.props", "Directory.Build.targets"],
      ...["Directory.Build.rsp", "Directory.Packages.props", "Directory.Solution.props", "Directory.Solution.targets"],
    ],
  },
  {
    reason: "a tool loads it as configuration, and it can run code",
    files: [
      // `eslint.config.js`, `.eslintrc.cjs`, `.npmrc`, `.pylintrc`, `karma.conf.js` and other files that follow these
      // conventions.
      ...[
        ".*rc",
        ".*rc.js",
        ".*rc.?js",
        ".*rc.ts",
        ".*rc.?ts",
        ".*rc.json",
        ".*rc.json5",
        ".*rc.jsonc",
        ".*rc.y*ml",
        ".*rc.toml",
      ],
      ...["*.config.js", "*.config.?js", "*.config.ts", "*.config.?ts", "*.conf.js", "*.conf.?js", "*.conf.ts"],
      ...[
        "*.workspace.js",
        "*.workspace.ts",
        "gulpfile.js",
        "gulpfile.?js",
        "gulpfile.ts",
        "Gruntfile.js",
        "Gruntfile.?js",
      ],
      ...["pylintrc", "pylintrc.toml", ".pylintrc.toml", "pyrightconfig.json", "mypy.ini", ".mypy.ini", ".flake8"],
      ...[".rubocop.yml", ".solargraph.yml", "phpstan*.neon", ".php-cs-fixer*.php", "tox.ini", "setup.cfg"],
      ...[".vscode-test.js", ".vscode-test.cjs", ".vscode-test.mjs", ".markdownlint.cjs", ".markdownlint.mjs"],
      ...[".markdownlint-cli2.cjs", ".markdownlint-cli2.mjs", ".markdownlint-cli2.jsonc", ".markdownlint-cli2.yaml"],
      ...["jupyter_config.py", "jupyter_server_config.py", "jupyter_notebook_config.py", "jupyter_lab_config.py"],
      ...["ipython_config.py", "ipython_kernel_config.py"],
    ],
  },
  {
    reason: "Windows can run it instead of the program of that name",
    files: programsOfWindows(
      ...["bash", "cargo", "cmd", "code", "conda", "docker", "dotnet", "eslint", "gh", "git", "go", "java", "modal"],
      ...["node", "npm", "npx", "pip", "pnpm", "powershell", "prettier", "pwsh", "py", "python", "python3", "pythonw"],
      ...["rg", "ruff", "rustc", "rustup", "sh", "ssh", "tar", "tsc", "uv", "uvx", "where", "wsl", "yarn"],
    ),
  },
  {
    reason: "the file manager of this machine reads it, and it can open or run something else",
    files: [
      "desktop.ini",
      "autorun.inf",
      "*.desktop",
      ".directory",
      "*.lnk",
      "*.scf",
      "*.library-ms",
      "*.searchConnector-ms",
    ],
  },
];

/** Returns the reason why an entry called `name` is protected; `undefined` for nearly all names. */
export function protectionOf(name: string, isFolder: boolean): string | undefined {
  const folded = foldName(name);
  return FOLDERS.of(folded) ?? (isFolder ? undefined : FILES.of(folded));
}

/** Folded names and patterns, each with its reason. */
class NameTable {
  readonly #exact = new Map<string, string>();
  readonly #patterns: { readonly pattern: RegExp; readonly reason: string }[] = [];
  /** Matches any of the patterns, so that most names need only one test. */
  readonly #any: RegExp;

  constructor(rows: readonly { readonly reason: string; readonly names: readonly string[] }[]) {
    for (const { reason, names } of rows) {
      for (const name of names.filter((one) => !WILDCARD.test(one))) this.#exact.set(foldName(name), reason);
      const sources = names.filter((one) => WILDCARD.test(one)).map(sourceOf);
      if (sources.length > 0) this.#patterns.push({ pattern: new RegExp(`^(?:${sources.join("|")})$`, "s"), reason });
    }
    this.#any = new RegExp(this.#patterns.map(({ pattern }) => pattern.source).join("|") || "$^", "s");
  }

  of(folded: string): string | undefined {
    const exact = this.#exact.get(folded);
    if (exact !== undefined || !this.#any.test(folded)) return exact;
    return this.#patterns.find(({ pattern }) => pattern.test(folded))?.reason;
  }
}

const WILDCARD = /[*?]/;

const sourceOf = (name: string): string =>
  foldName(name)
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");

const namesIn = (part: "folders" | "files") => PROTECTED.map((row) => ({ reason: row.reason, names: row[part] ?? [] }));

const FOLDERS = new NameTable(namesIn("folders"));
const FILES = new NameTable(namesIn("files"));

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

import { describe, it } from "mocha";

import { skip } from "../../../support/skip";
import { scan } from "../../../../src/sync/folder/scan";
import { build, directory, file, symlink, temporaryFolders, type Listing } from "../support/folders";
import { needGit } from "../support/needGit";

describe("a scan", () => {
  const folder = temporaryFolders();
  const paths = (root: string) =>
    scan(root)
      .entries.map((entry) => entry.path)
      .sort();
  const inTree = (listing: Listing) => build(folder(), listing);

  it("lists files, folders and links with everything that a push needs, folders first", () => {
    const root = inTree({ "a/run.sh": file("123", 0o755), "a/empty": directory(0o700), link: symlink("a/run.sh") });

    const entries = scan(root).entries.map((entry) =>
      entry.kind === "file" ? { ...entry, mtimeMs: 0, ctimeMs: 0, ino: 0 } : { ...entry, mtimeMs: 0 },
    );

    assert.deepEqual(
      new Set(entries),
      new Set([
        { kind: "directory", path: "a", mode: 0o755, mtimeMs: 0 },
        { kind: "directory", path: "a/empty", mode: 0o700, mtimeMs: 0 },
        { kind: "file", path: "a/run.sh", mode: 0o755, size: 3, mtimeMs: 0, ctimeMs: 0, ino: 0 },
        { kind: "symlink", path: "link", mode: 0o777, target: "a/run.sh", mtimeMs: 0 },
      ]),
    );
    assert.ok(entries.findIndex(({ path }) => path === "a") < entries.findIndex(({ path }) => path === "a/run.sh"));
    assert.deepEqual({ files: scan(root).files, bytes: scan(root).bytes }, { files: 1, bytes: 3 });
  });

  it("does not follow a link to a folder", () => {
    const root = inTree({ "real/file": file(), link: symlink("real"), loop: symlink(".") });
    assert.deepEqual(paths(root), ["link", "loop", "real", "real/file"]);
  });

  it("leaves out repositories, dependencies, environments and caches at any depth", () => {
    const root = inTree({
      ".git/HEAD": file(),
      "sub/.git": file("gitdir: elsewhere"),
      "sub/node_modules/x/index.js": file(),
      "sub/kept.py": file(),
      "sub/kept.pyc": file(),
      "sub/__pycache__/kept.pyc": file(),
      ".venv/bin/python": file(),
      "env/pyvenv.cfg": file(),
      "env/lib/x.py": file(),
      "conda/conda-meta/history": file(),
      "conda/bin/python": file(),
      "nb/.ipynb_checkpoints/a.ipynb": file(),
      ".modal-push-12/tree/x": file(),
      ".DS_Store": file(),
    });
    assert.deepEqual(paths(root), ["nb", "sub", "sub/kept.py"]);
    assert.deepEqual(scan(root).skipped, []);
  });

  it("keeps secrets back and reports them, but not files that only look like secrets", () => {
    const secrets = [
      ...[".env", ".env.production", ".envrc", ".env_local", ".modal.toml", ".netrc", ".git-credentials", ".kube"],
      ...["keys/id_ed25519", "keys/server.pem", "keys/server.key", "keys/login.p12", "keys/putty.PPK"],
      ...[
        "cloud/.aws",
        "cloud/gcloud/credentials.db",
        "cloud/application_default_credentials.json",
        "cloud/client_secret_1.json",
      ],
      ...["cloud/kaggle.json"],
    ];
    const plain = [".env.example", "environment.yml", "keys/id_map.json", "keys/keys.txt", "cloud/aws.py"];
    const root = inTree(Object.fromEntries([...secrets, ...plain].map((path) => [path, file()])));
    assert.deepEqual(paths(root).sort(), [...plain, "keys", "cloud", "cloud/gcloud"].sort());
    const { skipped } = scan(root);
    assert.deepEqual(skipped.map(({ path }) => path).sort(), secrets.sort());
  });

  it("reads .gitignore files at every level, including those above the folder in its repository", function () {
    needGit(this);
    const repository = inTree({
      ".gitignore": file("*.log\n/app/top\n"),
      "app/.gitignore": file("!keep.log\nlocal\n"),
      "app/keep.log": file(),
      "app/drop.log": file(),
      "app/top": file(),
      "app/local": file(),
      "app/main.py": file(),
    });
    execFileSync("git", ["init", "-q", repository]);
    const expected = [".gitignore", "keep.log", "main.py"];
    assert.deepEqual(paths(join(repository, "app")), expected);
    assert.deepEqual(paths(repository), [".gitignore", "app", ...expected.map((path) => `app/${path}`)]);
  });

  it("does not let an outer repository ignore the folder itself", function () {
    needGit(this);
    const home = inTree({ ".gitignore": file("*\n"), "project/main.py": file() });
    execFileSync("git", ["init", "-q", home]);
    assert.deepEqual(paths(join(home, "project")), ["main.py"]);
  });

  it("skips and reports pipes and sockets", async () => {
    const root = inTree({ "a.txt": file() });
    execFileSync("mkfifo", [join(root, "pipe")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, "socket"), resolve));
    try {
      assert.deepEqual(paths(root), ["a.txt"]);
      assert.deepEqual(
        scan(root)
          .skipped.map(({ path }) => path)
          .sort(),
        ["pipe", "socket"],
      );
    } finally {
      server.close();
    }
  });

  it("skips and reports a name that is not UTF-8", function () {
    const root = inTree({ "a.txt": file() });
    if (spawnSync("sh", ["-c", `: > "$(printf '%s/b\\377d' "$1")"`, "sh", root]).status !== 0)
      skip(this, "needs a file system that takes any bytes as a name");
    assert.deepEqual(paths(root), ["a.txt"]);
    assert.deepEqual(scan(root).skipped, [{ path: "b\uFFFDd", reason: "has a name that is not UTF-8" }]);
  });
});

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";

import { exitCodeOf, fileTarget, Screen, spec, useServices } from "../support/services";

describe("a hostile program in a sandbox", function () {
  this.timeout(60_000);
  const services = useServices();
  const here = (path: string) => join(services().folder, path);
  const read = (path: string) => readFileSync(here(path), "utf8");

  async function run(script: string, remotePath = "/workspace") {
    await services().write("main.sh", script);
    services().copies.length = 0;
    const { runs, folder } = services();
    const [only] = runs.start({ target: fileTarget("main.sh"), folder, remotePath, specs: [spec()] });
    assert.ok(only);
    const screen = new Screen(only);
    assert.equal(await exitCodeOf(only), 0, screen.text);
    return { last: screen.steps.at(-1) ?? "", copies: services().copies };
  }

  it("cannot change which files the next push sends", async () => {
    await services().write(".gitignore", "private.txt\n");
    const { last, copies } = await run(
      "echo '!.env' >.modalignore; mkdir sub; echo '!.env' >sub/.MODALIGNORE; : >.gitignore; echo x >out.txt",
    );

    assert.deepEqual(copies.map(({ copy }) => copy).sort(), [
      ".gitignore.sandbox-copy",
      ".modalignore.sandbox-copy",
      "sub/.MODALIGNORE.sandbox-copy",
    ]);
    assert.ok(copies.every(({ reason }) => reason === "it decides which files are pushed to sandboxes"));
    assert.equal(read(".gitignore"), "private.txt\n");
    assert.ok(!existsSync(here(".modalignore")) && !existsSync(here("sub/.MODALIGNORE")));
    assert.equal(read("out.txt"), "x\n");
    assert.match(last, /; 3 files were pulled only as copies/);
  });

  it("cannot leave files that local tools run by themselves", async () => {
    const { last, copies } = await run(`
      put() { mkdir -p "$(dirname "$1")"; echo evil >"$1"; }
      put .husky/pre-commit; put a/eslint.config.js; put .devcontainer/devcontainer.json; put x.code-workspace
      put .github/workflows/ci.yml; put .npmrc; put .idea/workspace.xml; put .pre-commit-config.yaml
      put .v\u017Fcode/tasks.json; put .VSCODE/tasks.json; put '.husky. /pre-push'
    `);

    const allowed = new Set([".gitignore", ".gitignore.sandbox-copy", ".modalignore.sandbox-copy"]);
    const names = readdirSync(services().folder).filter((name) => name.startsWith(".") && !allowed.has(name));
    for (const name of names) assert.match(name, /\.sandbox-copy$/);
    for (const path of ["a/eslint.config.js", "x.code-workspace"]) {
      assert.ok(!existsSync(here(path)), path);
      assert.equal(read(`${path}.sandbox-copy`), "evil\n");
    }
    assert.equal(read(".husky.sandbox-copy/pre-commit"), "evil\n");
    assert.equal(copies.length, 9);
    assert.match(last, /9 files were pulled only as copies.*; 4 not pulled \(see the log\)/);
  });

  it("cannot make a git repository under any name", async () => {
    const { copies } = await run(
      "mkdir -p data/objects data/refs/heads; echo 'ref: refs/heads/x' >data/HEAD; printf '[core]\\n\\tfsmonitor = touch pwned\\n' >data/config",
    );

    assert.deepEqual(readdirSync(here("data")), ["HEAD.sandbox-copy", "config.sandbox-copy"]);
    assert.equal(copies.length, 2);
  });

  it("changes a protected file of the user only in a copy next to it", async () => {
    await services().write(".npmrc", "mine\n");
    const { copies, last } = await run("echo theirs >.npmrc");

    assert.equal(read(".npmrc"), "mine\n");
    assert.deepEqual(
      copies.map(({ path, isHere }) => [path, isHere]),
      [[".npmrc", true]],
    );
    assert.match(last, /\.npmrc was pulled only as \.npmrc\.sandbox-copy\S*, because a tool loads it/);
  });

  it("cannot fill the folder with files or send names that control a terminal", async () => {
    const ownFolder = "/many-files";
    await mkdir(here(".modal-pull-00000000-1-AbCdEf"));
    await utimes(here(".modal-pull-00000000-1-AbCdEf"), 1, 1);
    const { last } = await run(
      `mkdir many; i=0; while [ $i -lt 1100 ]; do : >many/$i; i=$((i+1)); done; : >"$(printf 'a\\033]52;c;eA==\\007')"; : >ok`,
      ownFolder,
    );

    assert.match(last, /^Pulled 1,000 files, 0 B; 102 not pulled \(see the log\)$/);
    assert.ok(
      readdirSync(services().folder).every((name) => !name.startsWith("a\u001b") && !name.startsWith(".modal-pull")),
    );
    const again = await run("echo", ownFolder);
    assert.match(again.last, /^Pulled 101 files/);
  });
});

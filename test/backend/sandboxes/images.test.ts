import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { isAbort, UserError } from "../../../src/base/errors";
import { collect } from "../../../src/modal/exec";
import type { ImageBuild } from "../../../src/modal/imageBuild";
import type { ImageRecipe } from "../../../src/modal/spec";
import { buildFileReader } from "../../../src/sandboxes/spec/buildFiles";
import { imageRecipe } from "../../../src/sandboxes/spec/imageRecipe";
import type { ImageSource } from "../../../src/sandboxes/spec/specDefinition";
import { spec, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

const recipe = (...runs: readonly string[]): ImageRecipe => ({
  label: "test",
  layers: [
    { title: "FROM debian", commands: ["FROM debian"] },
    ...runs.map((run) => ({ title: `RUN ${run}`, commands: [`RUN ${run}`] })),
  ],
});

describe("images", function () {
  this.timeout(60_000);
  const services = useServices();

  /** Builds, and gives what was said of it. */
  async function build(wanted: ImageRecipe, signal = soon()): Promise<{ id: string; builds: readonly ImageBuild[] }> {
    const builds: ImageBuild[] = [];
    const listening = services().images.onDidStartBuild((started) => builds.push(started));
    try {
      return { id: await services().images.build(wanted, signal), builds };
    } finally {
      listening.dispose();
    }
  }

  const logOf = ({ entries }: ImageBuild) =>
    entries.map((entry) => (entry.kind === "layer" ? `[${entry.title}]\n` : entry.text)).join("");

  it("are built once, with a live log", async () => {
    const wanted = recipe("echo first; echo one > /made", "echo second");
    const { id, builds } = await build(wanted);
    const [first] = builds;
    assert.ok(first);
    assert.equal(builds.length, 1);
    assert.match(logOf(first), /^\[FROM debian\]\n\[RUN echo first[^]*\nfirst\n\[RUN echo second\][^]*\nsecond\n$/);
    assert.deepEqual(await first.finished, { kind: "built" });

    const again = await build(wanted);
    assert.deepEqual(again, { id, builds: [] });
  });

  it("rebuild only what changed", async () => {
    await build(recipe("echo below", "echo above"));
    const { builds } = await build(recipe("echo below", "echo changed"));
    const [log = ""] = builds.map(logOf);
    assert.match(log, /\[RUN echo below\]\n\[RUN echo changed\]/);
    assert.match(log, /\nchanged\n$/);
  });

  it("are what the sandbox then runs on", async () => {
    const { sandboxes, exec } = services();
    const created = await sandboxes.create(
      { spec: spec({ image: recipe("echo it is there > /made") }), folder: "/x" },
      soon(),
    );
    const { stdout } = await collect(await exec.exec(created.phase.id, ["cat", "/made"], {}, soon()));
    assert.equal(stdout, "it is there\n");
    await sandboxes.terminate(created.key, soon());
  });

  it("are built once if several sandboxes want them at the same time, even if one of them is canceled", async () => {
    const builds: ImageBuild[] = [];
    services().images.onDidStartBuild((started) => builds.push(started));
    const wanted = recipe("sleep 0.3; echo shared");
    const away = new AbortController();
    const all = [build(wanted, away.signal), build(wanted), build(wanted)] as const;
    all[0].catch(() => undefined);
    away.abort();
    await assert.rejects(all[0], isAbort);
    const [one, two] = await Promise.all([all[1], all[2]]);
    assert.equal(one.id, two.id);
    assert.equal(builds.length, 1);
  });

  it("fail with the line that failed and a button for its log", async () => {
    const failing = build(recipe("echo fine", "echo nearly; echo no such thing >&2; exit 3"));
    const started = new Promise<ImageBuild>((resolve) => services().images.onDidStartBuild(resolve));
    const error: unknown = await failing.catch((reason: unknown) => reason);
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^The image cannot be built: RUN echo nearly; .* failed: no such thing\.$/);
    const { id, finished } = await started;
    assert.deepEqual(error.actions[0], {
      title: "Show Build Log",
      command: "modalSandboxes.showBuildLog",
      arguments: [id],
    });
    assert.deepEqual(await finished, {
      kind: "failed",
      layer: "RUN echo nearly; echo no such thing >&2; exit 3",
      reason: "no such thing",
    });
  });

  it("are built from nothing outside the folder, and the server never sees what a hostile folder names there", async () => {
    const own = services();
    const { folder, stateDir, images } = own;
    const builds: ImageBuild[] = [];
    const listening = images.onDidStartBuild((started) => builds.push(started));
    const buildFrom = async (image: ImageSource) => {
      const { layers, label } = await imageRecipe({ image, packages: [], aptPackages: [] }, buildFileReader(folder));
      return images.build({ layers, label }, soon());
    };
    const isSeen = (text: string) => {
      const encoded = Buffer.from(text).toString("base64").slice(0, -4);
      // It fails for folders that only the sandboxes' own root may read, and says what it found all the same.
      return new Promise<boolean>((resolve) => {
        execFile("grep", ["-rlE", "--", `${text}|${encoded}`, stateDir], (_failure, stdout) => resolve(stdout !== ""));
      });
    };
    const marker = `of-the-user-${process.pid}`;
    await own.write("../private/Dockerfile", `FROM debian\nRUN echo ${marker} > /found\n`);
    await own.write(".env", `${marker}\n`);
    await own.write("requirements.txt", "numpy\n-r ../private/Dockerfile\n");
    await symlink("../private/Dockerfile", join(folder, "Dockerfile.linked"));
    const base = "debian";
    await assert.rejects(
      buildFrom({ kind: "requirements", path: "requirements.txt", base }),
      /^UserError: requirements\.txt:2 includes \.\.\/private\/Dockerfile, which is outside the folder\./,
    );
    await assert.rejects(
      buildFrom({ kind: "dockerfile", path: "Dockerfile.linked" }),
      /^UserError: The image is made from Dockerfile\.linked, which links to a file outside the folder\./,
    );
    await assert.rejects(
      buildFrom({ kind: "requirements", path: ".env", base }),
      /^UserError: The image is made from \.env, which may hold secrets/,
    );
    assert.equal(await isSeen(marker), false);
    assert.deepEqual(builds, []);

    await own.write("Dockerfile", `FROM debian\nRUN echo ${marker} > /found\n`);
    await buildFrom({ kind: "dockerfile", path: "Dockerfile" });
    assert.equal(await isSeen(marker), true);
    listening.dispose();
  });

  it("keep the contents of files out of their log", async () => {
    const { builds } = await build(recipe(`printf ${"QUJD".repeat(500)} | base64 -d | wc -c`));
    const [log = ""] = builds.map(logOf);
    assert.match(log, /RUN printf … \| base64 -d \| wc -c\n1500\n$/);
  });
});

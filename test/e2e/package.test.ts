import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import type { Browser } from "playwright-core";

import { launchBrowser } from "./support/browser";
import { testEnvironment } from "./support/environment";
import { VsCodeServer } from "./support/vsCodeServer";
import { ExtensionPage } from "./workbench/extensionPage";
import { Workbench } from "./workbench/workbench";

const run = promisify(execFile);
const PICTURES = ["demo.webp", "run.png", "comparison.png"];

describe("the package", () => {
  const { root } = testEnvironment();
  let folder: string;
  let browser: Browser;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "modal-sandboxes-packages-"));
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("links to its repository, without the address's credentials, and its page shows the README's pictures", async () => {
    const sources = await Promise.all(["package.json", "README.md"].map((name) => readFile(join(root, name), "utf8")));
    const { vsix, output } = await packageExtension(["https://me:t0ken-of-me@github.com/owner/name.git"]);
    assert.match(output, /^The repository is https:\/\/github\.com\/owner\/name\.$/m);
    await withInstalled(vsix, async (server) => {
      const { repository, bugs, homepage } = await installedManifest(server);
      assert.deepEqual(repository, { type: "git", url: "https://github.com/owner/name.git" });
      assert.deepEqual(bugs, { url: "https://github.com/owner/name/issues" });
      assert.equal(homepage, "https://github.com/owner/name#readme");
      const readme = await server.readInstalled("readme.md");
      assert.ok(readme.includes("(https://github.com/owner/name/blob/HEAD/CONTRIBUTING.md)"));
      assert.ok(!readme.includes("t0ken"));

      const page = await openPage(server);
      assert.deepEqual(
        (await page.pictures()).map(({ address, isShown }) => [address, isShown]),
        PICTURES.map((name) => [`https://github.com/owner/name/raw/HEAD/media/readme/${name}`, true]),
      );
    });
    for (const [index, name] of ["package.json", "README.md"].entries())
      assert.equal(await readFile(join(root, name), "utf8"), sources[index], `${name} is unchanged`);
  });

  it("says that it has no repository address, and its page shows no broken pictures", async () => {
    const { vsix, output } = await packageExtension([]);
    assert.match(output, /^There is no repository address: /m);
    await withInstalled(vsix, async (server) => {
      const manifest = await installedManifest(server);
      assert.deepEqual([manifest.repository, manifest.bugs, manifest.homepage], [undefined, undefined, undefined]);
      const page = await openPage(server);
      assert.deepEqual(await page.pictures(), []);
    });
  });

  it("is not made for an address that is not a repository's", async () => {
    await assert.rejects(
      packageExtension(["https://example.com/owner"]),
      /"https:\/\/example\.com\/owner" is not the address of a GitHub or GitLab repository/,
    );
  });

  /** Git finds no remote here, whatever the checkout's are. */
  async function packageExtension(args: readonly string[]): Promise<{ vsix: string; output: string }> {
    const vsix = join(folder, `${args.length}.vsix`);
    const env = { ...process.env, GIT_DIR: folder };
    const { stdout } = await run(process.execPath, ["test/package.mjs", ...args, "--out", vsix], { cwd: root, env });
    return { vsix, output: stdout };
  }

  async function installedManifest(server: VsCodeServer): Promise<Record<string, unknown>> {
    return JSON.parse(await server.readInstalled("package.json")) as Record<string, unknown>;
  }

  async function withInstalled(vsix: string, use: (server: VsCodeServer) => Promise<void>): Promise<void> {
    const server = await VsCodeServer.start({ extensions: [vsix] });
    try {
      await use(server);
    } finally {
      await server.stop();
    }
  }

  /** Answers for GitHub with the checkout's pictures. */
  async function openPage(server: VsCodeServer): Promise<ExtensionPage> {
    const workbench = await Workbench.open(browser, server, undefined);
    await workbench.page
      .context()
      .route("https://github.com/**", (route) =>
        route.fulfill({ path: join(root, new URL(route.request().url()).pathname.split("/HEAD/")[1] ?? "") }),
      );
    const page = await ExtensionPage.open(workbench, "Modal Sandboxes");
    await workbench.screenshot(`extension-page-${(await page.pictures()).length}-pictures`);
    return page;
  }
});

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { useSharedBackend } from "./localBackend";
import { useVsCode } from "./vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

const APP = "vscode-sandboxes";

describe("signing in", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({ env: modal.signedOut }));
  let workbench: Workbench;
  before(async () => {
    const { client } = modal;
    const app = await client.apps.fromName(APP, { createIfMissing: true });
    await client.sandboxes.create(app, client.images.fromRegistry("python:3.12-slim"), { gpu: "A10", cpu: 2 });
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const pasteToken = async (tokenId: string, tokenSecret: string) => {
    const { quickInput } = workbench;
    await quickInput.pick("Paste a token…");
    await quickInput.waitForMessage("Token ID");
    await quickInput.fill(tokenId);
    await quickInput.accept();
    await quickInput.waitForMessage("Token secret");
    await quickInput.fill(tokenSecret);
    await quickInput.accept();
  };

  it("offers every way in", async () => {
    const { quickInput, sandboxes } = workbench;
    await sandboxes.welcomeButton("Sign In…").click();
    await quickInput.waitForTitle("Sign In to Modal");
    const labels = (await quickInput.items()).map(({ label }) => label);
    assert.deepEqual(labels, ["Paste a token…", "Get a token from modal.com", "Use the local backend"]);
    await workbench.screenshot("sign-in");
  });

  it("does not take what is no token", async () => {
    const { quickInput } = workbench;
    await quickInput.pick("Paste a token…");
    await quickInput.waitForMessage("Token ID");
    await workbench.screenshot("sign-in-token-id");
    await quickInput.fill("my-password");
    await quickInput.waitForMessage("It starts with ak-");
    await quickInput.accept();
    await quickInput.waitForMessage("It starts with ak-");
    await workbench.screenshot("sign-in-no-token");
    await quickInput.dismiss();
  });

  it("says that a wrong token was refused, and does not keep it", async () => {
    const { notifications, sandboxes } = workbench;
    await workbench.runCommand("Modal: Sign In…");
    await pasteToken("ak-wrong", "as-wrong");
    const sentence = "Modal did not accept the token. Sign in again.";
    assert.deepEqual(await notifications.buttons(sentence), ["Sign In…"]);
    await workbench.screenshot("sign-in-wrong-token");
    await sandboxes.welcomeButton("Sign In…").waitFor();
    await notifications.press(sentence, "Sign In…");
  });

  it("lists the account's sandboxes after the right token, with what they cost", async () => {
    await pasteToken(modal.tokenId, modal.tokenSecret);
    await workbench.sandboxes.row("A10").waitFor();
    const [row] = await workbench.sandboxes.rows();
    assert.match(row?.description ?? "", /^running · under 1m · \$1\.\d\d\/h$/);
    await workbench.movePointerAway();
    await workbench.screenshot("signed-in");
  });

  it("forgets the token by Sign Out", async () => {
    await workbench.runCommand("Modal: Sign Out");
    await workbench.sandboxes.welcomeButton("Sign In…").waitFor();
    assert.deepEqual(await workbench.sandboxes.rows(), []);
  });

  it("offers the profiles of ~/.modal.toml", async () => {
    const { quickInput, sandboxes } = workbench;
    const profile = `[work]\ntoken_id = "${modal.tokenId}"\ntoken_secret = "${modal.tokenSecret}"\nactive = true\n`;
    await writeFile(join(vscode.server.home, ".modal.toml"), profile);
    await sandboxes.welcomeButton("Sign In…").click();
    await quickInput.waitForTitle("Sign In to Modal");
    const [first] = await quickInput.items();
    assert.deepEqual(first, {
      label: "work",
      description: "active profile",
      detail: join(vscode.server.home, ".modal.toml"),
    });
    await workbench.screenshot("sign-in-profile");
    await quickInput.pick("work");
    await sandboxes.row("A10").waitFor();
  });

  it("remembers the choice in the next window", async () => {
    await workbench.reload();
    await workbench.sandboxes.open();
    await workbench.sandboxes.row("A10").waitFor();
  });
});

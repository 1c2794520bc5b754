import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { useSharedBackend } from "./support/localBackend";
import { pollUntil } from "./workbench/locators";
import { useStory } from "./support/story";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

const APP = "vscode-sandboxes";
const SIGNED_IN = "Signed in to the Modal workspace local.";

describe("signing in", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({ env: modal.signedOut }));
  const step = useStory();
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

  step("offers every way to sign in", async () => {
    const { quickInput, sandboxes } = workbench;
    await sandboxes.welcomeButton("Sign In…").click();
    await quickInput.waitForTitle("Sign In to Modal");
    const labels = (await quickInput.items()).map(({ label }) => label);
    assert.deepEqual(labels, ["Sign in with the browser", "Paste a token…", "Use the local backend"]);
    await workbench.screenshot("sign-in");
  });

  step("rejects text that is not a token", async () => {
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

  step("reports that a wrong token was refused, and does not keep it", async () => {
    const { notifications, sandboxes } = workbench;
    await workbench.runCommand("Modal: Sign In…");
    await pasteToken("ak-wrong", "as-wrong");
    const sentence = "Modal did not accept the token. Sign in again.";
    assert.deepEqual(await notifications.buttons(sentence), ["Sign In…"]);
    await workbench.screenshot("sign-in-wrong-token");
    await sandboxes.welcomeButton("Sign In…").waitFor();
    await notifications.press(sentence, "Sign In…");
  });

  step("lists the account's sandboxes with their costs after the right token", async () => {
    await pasteToken(modal.tokenId, modal.tokenSecret);
    await workbench.sandboxes.row("A10").waitFor();
    const [row] = await workbench.sandboxes.rows();
    assert.match(row?.description ?? "", /^running · under 1m · \$1\.\d\d\/h$/);
    await workbench.movePointerAway();
    await workbench.screenshot("signed-in");
  });

  step("leads to a connection check, also of a sandbox, whose result can be copied", async () => {
    const { quickInput } = workbench;
    await workbench.runCommand("Modal: Check Connection");
    await quickInput.row("Test a sandbox too").waitFor();
    assert.deepEqual(
      (await quickInput.items()).map(({ label }) => label),
      ["Credentials", "Proxy", "Network", "Workspace", "Environment", "Test a sandbox too"],
    );
    await workbench.screenshot("check-connection");
    await quickInput.pick("Test a sandbox too");
    await quickInput.row("Tools").waitFor();
    await workbench.screenshot("check-connection-sandbox");
    await quickInput.pressButton("Copy Report");
    await workbench.waitForClipboard(/^Network: passed\. .*\n[^]*^Tools: passed\./m);
    await quickInput.dismiss();
  });

  step("is undone by Sign Out, which forgets the token", async () => {
    await workbench.runCommand("Modal: Sign Out");
    await workbench.sandboxes.welcomeButton("Sign In…").waitFor();
    assert.deepEqual(await workbench.sandboxes.rows(), []);
  });

  step("gets a token from the browser, and saves it to ~/.modal.toml on request", async () => {
    const { quickInput, notifications, sandboxes } = workbench;
    await sandboxes.welcomeButton("Sign In…").click();
    const page = await workbench.newTab(() => quickInput.pick("Sign in with the browser"));
    const code = await page.locator(".code").innerText();
    await notifications.waitFor(`Approve it in the browser. Its code is ${code}.`);
    await workbench.screenshot("sign-in-browser");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("You are signed in").waitFor();
    await page.close();
    await sandboxes.row("A10").waitFor();

    await notifications.waitFor(SIGNED_IN);
    await workbench.screenshot("signed-in-browser");
    await notifications.press(SIGNED_IN, "Save to ~/.modal.toml");
    const path = join(vscode.server.home, ".modal.toml");
    await pollUntil("the profile is written", async () => (await readFile(path, "utf8")).startsWith("[local]\n"));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await workbench.runCommand("Modal: Sign Out");
    await sandboxes.welcomeButton("Sign In…").waitFor();
  });

  step("offers the profiles of ~/.modal.toml", async () => {
    const { quickInput, sandboxes } = workbench;
    const profile = `[work]\ntoken_id = "${modal.tokenId}"\ntoken_secret = "${modal.tokenSecret}"\nactive = true\n`;
    await writeFile(join(vscode.server.home, ".modal.toml"), profile);
    await sandboxes.welcomeButton("Sign In…").click();
    await quickInput.waitForTitle("Sign In to Modal");
    const profiles = (await quickInput.items()).filter(({ description }) => description.includes("profile"));
    assert.deepEqual(profiles, [
      {
        label: "work",
        description: "active profile",
        detail: join(vscode.server.home, ".modal.toml"),
      },
    ]);
    await workbench.screenshot("sign-in-profile");
    await quickInput.pick("work");
    await sandboxes.row("A10").waitFor();
  });

  step("is remembered in the next window", async () => {
    await workbench.reload();
    await workbench.sandboxes.open();
    await workbench.sandboxes.row("A10").waitFor();
  });

  step("is readable in the light theme", async () => {
    const { quickInput, sandboxes } = workbench;
    await workbench.useLightTheme();
    await workbench.movePointerAway();
    await workbench.screenshot("signed-in-light");
    await workbench.runCommand("Modal: Sign Out");
    await sandboxes.welcomeButton("Sign In…").waitFor();
    await workbench.movePointerAway();
    await workbench.screenshot("signed-out-light");
    await sandboxes.welcomeButton("Sign In…").click();
    await quickInput.waitForTitle("Sign In to Modal");
    await workbench.screenshot("sign-in-light");
    await quickInput.dismiss();
  });
});

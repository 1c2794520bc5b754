import assert from "node:assert/strict";
import { before, describe } from "mocha";

import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("a person without an account", () => {
  const vscode = useVsCode();
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  step("can sign in or use the local backend", async () => {
    await workbench.sandboxes.welcomeButton("Sign In…").waitFor();
    assert.match(await workbench.sandboxes.welcome(), /Sign in to your Modal account/);
    await workbench.screenshot("signed-out");
    assert.deepEqual(await vscode.server.localBackends(), [], "nothing is started unasked");
  });

  step("gets the local backend with one click, and an empty view that says what to do", async () => {
    await workbench.sandboxes.welcomeButton("Use Local Backend").click();
    await workbench.sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    assert.match(await workbench.sandboxes.welcome(), /No sandboxes are running\. You are using the local backend/);
    await workbench.screenshot("local-empty");
  });

  step("creates a sandbox by picking a GPU, its count and an image", async () => {
    const { quickInput, sandboxes } = workbench;
    await sandboxes.titleAction("Create Sandbox…");
    await quickInput.waitForTitle("Create Sandbox (1/3)");
    const gpus = await quickInput.items();
    assert.deepEqual(gpus[0], { label: "CPU only", description: "$0.38/h on Modal", detail: "" });
    assert.deepEqual(
      gpus.find(({ label }) => label === "H100"),
      { label: "H100", description: "80 GB · $4.33/h on Modal", detail: "" },
    );
    await workbench.screenshot("create-gpu");
    await quickInput.pick("H100");
    await quickInput.row("8 × H100").waitFor();
    await workbench.screenshot("create-count");
    await quickInput.pick("2 × H100");
    await quickInput.waitForTitle("Create Sandbox (2/3)");
    await workbench.screenshot("create-image");
    await quickInput.pick("python:3.12-slim");
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.pick("Create");

    await sandboxes.row("2 × H100").waitFor();
    const row = await pollUntil("the sandbox runs", async () => {
      const [first] = await sandboxes.rows();
      return first?.description.startsWith("running") ? first : undefined;
    });
    assert.deepEqual({ ...row }, { label: "2 × H100", description: "running · under 1m · local", level: 1, index: 0 });
    await workbench.movePointerAway();
    await workbench.screenshot("created");
  });

  step("reads the details of a sandbox in its tooltip", async () => {
    const text = await workbench.hover(workbench.sandboxes.row("2 × H100"));
    await workbench.screenshot("sandbox-tooltip");
    for (const detail of ["GPU", "2 × H100", "2 cores", "4 GiB", "python:3.12-slim", "Ends in", "Idle limit"])
      assert.ok(text.includes(detail), `${detail} is in the tooltip:\n${text}`);
  });

  step("sees an error if the image does not exist, with a button to choose another", async () => {
    const { quickInput, notifications, sandboxes } = workbench;
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.pick("CPU only");
    await quickInput.waitForTitle("Create Sandbox (2/3)");
    await quickInput.pick("Another image…");
    await quickInput.waitForMessage("A registry reference");
    await quickInput.fill("two words");
    await quickInput.waitForMessage("Enter an image such as python:3.12-slim");
    await quickInput.fill("does-not-exist:latest");
    await quickInput.accept();
    await quickInput.pick("Create");
    assert.deepEqual(
      await notifications.buttons(/The image cannot be built: .*does-not-exist:latest.* was not found/),
      ["Open Settings", "Show Log"],
    );
    await workbench.screenshot("image-does-not-exist");
    await notifications.press("The image cannot be built", "Open Settings");
    await workbench.page.locator(".settings-editor").waitFor();
    await workbench.screenshot("settings");
    assert.deepEqual((await sandboxes.rows()).filter(({ level }) => level === 1).length, 1, "nothing of it is left");
  });
});

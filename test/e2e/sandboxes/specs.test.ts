import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { ComparisonView } from "../workbench/comparison";
import { pollUntil } from "../workbench/locators";
import { typeSets } from "../workbench/sweeps";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("the specs of sandboxes", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local" } });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    await writeFile(join(vscode.folder, "requirements.txt"), "numpy\n");
    await writeFile(
      join(vscode.folder, "Dockerfile"),
      "FROM python:3.12-slim\nENV STAGE=one\nRUN echo preparing; echo it is built > /built\nRUN echo trying; echo no such tool >&2; exit 3\n",
    );
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const runs = (label: string) =>
    pollUntil(`the sandbox ${label} runs`, async () => {
      const row = (await workbench.sandboxes.rows()).find((each) => each.label === label);
      return row?.description.startsWith("running") ? row : undefined;
    });

  step("are chosen step by step, with a way back, and saved under a name", async () => {
    const { quickInput, sandboxes } = workbench;
    await sandboxes.titleAction("Create Sandbox…");
    await quickInput.waitForTitle("Create Sandbox (1/3)");
    await quickInput.pick("L4");
    await quickInput.pick("2 × L4");
    await quickInput.waitForTitle("Create Sandbox (2/3)");
    await quickInput.row("./requirements.txt").waitFor();
    await workbench.screenshot("steps-image");
    await quickInput.pressButton("Back");
    await quickInput.waitForTitle("Create Sandbox (1/3)");
    await quickInput.pick("T4");
    await quickInput.pick("T4");
    await quickInput.pick("python:3.12-slim");

    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await workbench.screenshot("steps-review");
    await quickInput.pick("Memory");
    await quickInput.waitForTitle("Create Sandbox: Memory");
    await quickInput.fill("lots");
    await quickInput.accept();
    await quickInput.waitForMessage("This must be a whole number of MiB from 128 to 344064");
    await workbench.screenshot("steps-memory");
    await quickInput.fill("8192");
    await quickInput.accept();
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.row("Memory").waitFor();
    assert.equal((await quickInput.items()).find(({ label }) => label === "Memory")?.description, "8192 MiB");

    await quickInput.pick("Variables");
    await quickInput.waitForTitle("Create Sandbox: Variables");
    await quickInput.fill("LOG_LEVEL=debug TITLE=two words");
    await quickInput.accept();
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.row("Variables").waitFor();
    assert.equal(
      (await quickInput.items()).find(({ label }) => label === "Variables")?.description,
      "LOG_LEVEL, TITLE",
    );

    await quickInput.pick("Volumes");
    await quickInput.row("Create another…").waitFor();
    await quickInput.pick("Create another…");
    await quickInput.accept();
    await quickInput.waitForTitle("Create Volume");
    await quickInput.fill("datasets");
    await quickInput.accept();
    await quickInput.waitForMessage("Where to mount the volume datasets");
    await workbench.screenshot("steps-mount");
    await quickInput.accept();
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.row("Volumes").waitFor();
    assert.equal(
      (await quickInput.items()).find(({ label }) => label === "Volumes")?.description,
      "datasets at /mnt/datasets",
    );

    await quickInput.pick("Save as Named Spec…");
    await quickInput.waitForTitle("Save as Named Spec");
    await quickInput.fill("train");
    await quickInput.accept();
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await quickInput.pick("Create");
    await runs("T4");
    const settings = JSON.parse(await readFile(join(vscode.folder, ".vscode", "settings.json"), "utf8")) as unknown;
    assert.deepEqual(settings, {
      "modalSandboxes.specs": {
        train: {
          gpu: "T4",
          memoryMiB: 8192,
          volumes: { "/mnt/datasets": "datasets" },
          env: { LOG_LEVEL: "debug", TITLE: "two words" },
        },
      },
    });
  });

  step("are offered by name when a file is run and when a sandbox is created", async () => {
    const { quickInput } = workbench;
    await workbench.editor.open("train.py");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.row("train").waitFor();
    await workbench.screenshot("run-specs");
    assert.match(
      (await quickInput.items()).find(({ label }) => label === "train")?.description ?? "",
      /^T4 · \$1\.\d\d\/h/,
    );
    await quickInput.dismiss();
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.row("Choose step by step…").waitFor();
    await workbench.screenshot("create-specs");
    await quickInput.dismiss();
  });

  step("are offered for a sweep, which runs on such sandboxes", async () => {
    const { quickInput } = workbench;
    const comparison = new ComparisonView(workbench.page);
    await writeFile(join(vscode.folder, "level.sh"), 'echo "metric: $1=${#LOG_LEVEL}"\n');
    await typeSets(workbench, "level.sh", ["length"]);
    await quickInput.row(/Continue/).click();
    await quickInput.row("train").waitFor();
    await workbench.screenshot("sweep-specs");
    await quickInput.pick("train");
    await quickInput.waitForMessage(/^How many sandboxes may run at the same time\? Each costs \$/);
    await quickInput.accept();
    await quickInput.waitForMessage(/1 × train: \$/);
    await quickInput.accept();
    await comparison.waitForNote(/^T4 · 1 argument set · 1 done/);
    await comparison.waitForColumn("length", [String("debug".length)]);
  });

  step("are offered next to an invalid one, which says what is wrong and leads to the settings", async () => {
    const { quickInput } = workbench;
    const path = join(vscode.folder, ".vscode", "settings.json");
    const settings = JSON.parse(await readFile(path, "utf8")) as { "modalSandboxes.specs": object };
    const specs = { ...settings["modalSandboxes.specs"], wrong: { cpu: "many" } };
    await writeFile(path, JSON.stringify({ ...settings, "modalSandboxes.specs": specs }));
    const wrong = await pollUntil("the picker has it", async () => {
      await workbench.runCommand("Modal: Run Current File on GPU…");
      await quickInput.row("train").waitFor();
      const item = (await quickInput.items()).find(({ label }) => label === "wrong");
      if (!item) await quickInput.dismiss();
      return item;
    });
    assert.equal(wrong.detail, 'The spec "wrong": "cpu" must be a number of cores from 0.125 to 64.');
    await workbench.screenshot("run-specs-wrong");
    await quickInput.dismiss();
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.pick("wrong");
    await pollUntil("the settings show the specs", async () =>
      (await workbench.page.locator(".settings-editor").innerText()).includes("Modal Sandboxes: Specs"),
    );
    await workbench.screenshot("specs-wrong-settings");
    await writeFile(path, JSON.stringify(settings));
    await workbench.closeModalEditor();
  });

  it("can build an image from a Dockerfile, with the log in a terminal and the failed line in the message", async () => {
    const { quickInput, notifications, terminals } = workbench;
    await workbench.runCommand("Modal: Prebuild Image…");
    await quickInput.pick("Another image…");
    await quickInput.pick("./Dockerfile");
    assert.deepEqual(
      await notifications.buttons(/The image cannot be built: Dockerfile:4 RUN echo trying; .* failed: no such tool/),
      ["Show Build Log", "Show Log"],
    );
    const log = await terminals.waitForText("Build: Dockerfile", /✗ Dockerfile:4 .* failed: no such tool/);
    assert.match(log, /▸ Dockerfile:3 RUN echo preparing[^]*preparing[^]*▸ Dockerfile:4 RUN[^]*trying/);
    await workbench.screenshot("build-fails");
    await notifications.press("The image cannot be built", "Show Build Log");
  });

  step("can mount volumes and secrets, which have sections in the view", async () => {
    const { quickInput, volumes, secrets } = workbench;
    await secrets.unfold();
    await secrets.welcomeButton("Create Secret…").waitFor();
    await volumes.unfold();
    await volumes.row("datasets").waitFor();
    await workbench.screenshot("storage-empty");
    await secrets.welcomeButton("Create Secret…").click();
    await quickInput.waitForTitle("Create Secret");
    await quickInput.fill("tokens");
    await quickInput.accept();
    await quickInput.pick("Type the values");
    await quickInput.waitForMessage("The name of a variable");
    await quickInput.fill("HF_TOKEN");
    await quickInput.accept();
    await quickInput.waitForMessage("The value of HF_TOKEN");
    await quickInput.fill("hf_123");
    await workbench.screenshot("secret-value");
    await quickInput.accept();
    await quickInput.waitForMessage("1 variable so far");
    await quickInput.accept();
    await secrets.row("tokens").waitFor();
    await workbench.screenshot("storage");
    await workbench.useLightTheme();
    await workbench.movePointerAway();
    await workbench.screenshot("storage-light");
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.pick("Choose step by step…");
    await quickInput.pick("CPU only");
    await quickInput.pick("./requirements.txt");
    await quickInput.waitForTitle("Create Sandbox (3/3)");
    await workbench.screenshot("steps-review-light");
    await quickInput.dismiss();
  });

  step("can mount a volume from its row, and lose a secret that is deleted", async () => {
    const { quickInput, volumes, secrets, notifications, dialog } = workbench;
    await volumes.inlineAction(volumes.row("datasets"), "Mount Volume…");
    await quickInput.pick("Every new sandbox");
    await quickInput.waitForMessage("Where to mount the volume datasets");
    await quickInput.fill("/data");
    await quickInput.accept();
    assert.deepEqual(await notifications.buttons("datasets will be mounted at /data in every new sandbox."), [
      "Create Sandbox…",
    ]);
    await notifications.dismiss("datasets will be mounted at /data");

    await secrets.contextAction(secrets.row("tokens"), "Delete Secret…");
    assert.match(await dialog.text(), /Delete the secret tokens\?[^]*nothing that uses it can be started/);
    await workbench.screenshot("delete-secret");
    await dialog.press("Delete");
    await secrets.welcomeButton("Create Secret…").waitFor();
  });
});

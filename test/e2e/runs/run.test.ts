import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, before, describe, it } from "mocha";

import { WORKSPACE } from "../../support/workspacePattern";
import { findProcesses } from "../support/processTree";
import { samplePrograms } from "../support/sampleFolder";
import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const RUN = "Run Current File on GPU…";

const programs: Record<string, string> = {
  "hello.sh": "echo hello from $(pwd)\n",
  "fails.sh": "echo it goes wrong >&2\nexit 3\n",
  "asks.sh": 'echo "What is your name?"\nread -r name\necho "Good morning, $name."\n',
  "traps.sh": "trap 'echo \"saving a checkpoint\"; exit 7' INT\necho ready\nwhile :; do sleep 0.1; done\n",
  "forever.sh": "echo ready\nwhile :; do sleep 0.1; done\n",
  "notes.txt": 'echo "run as a shell script"\n',
};

describe("running the current file", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local" } });
  const { train } = samplePrograms();
  let workbench: Workbench;
  before(async () => {
    for (const [name, text] of Object.entries(programs)) await writeFile(join(vscode.folder, name), text);
    workbench = await vscode.open();
  });
  const closeTerminals = async () => {
    const { terminals } = workbench;
    if ((await terminals.names()).length > 0) await workbench.runCommand("Terminal: Kill All Terminals");
    await pollUntil("no terminal is left", async () => (await terminals.names()).length === 0);
  };
  afterEach(closeTerminals);

  const pickGpus = async (...gpus: string[]) => {
    await workbench.quickInput.waitForTitle(/^Run .* · /);
    await workbench.quickInput.tickOnly(gpus);
    await workbench.quickInput.accept();
  };

  /** @returns The terminal's name. */
  const runOnT4 = async (file: string) => {
    await workbench.editor.open(file);
    await workbench.runCommand(`Modal: ${RUN}`);
    await pickGpus("T4");
    return `${file} · T4`;
  };

  const step = useStory(closeTerminals);

  step("runs on two GPUs at the same time, and each terminal shows every step", async () => {
    const { terminals } = workbench;
    await workbench.editor.open(train);
    await workbench.runCommand(`Modal: ${RUN}`);
    await workbench.screenshot("run-pick-gpus");
    await pickGpus("T4", "L4");
    await pollUntil("both terminals exist", async () => (await terminals.names()).length === 2);
    assert.deepEqual(await terminals.names(), [`${train} · T4`, `${train} · L4`]);
    for (const gpu of ["T4", "L4"]) {
      const text = await terminals.waitForText(`${train} · ${gpu}`, /Training on/);
      assert.doesNotMatch(text, /exit code/, `${gpu} is shown live`);
    }
    await workbench.sandboxes.open();
    await workbench.sandboxes.row("L4").waitFor();
    await workbench.screenshot("run-live");

    for (const gpu of ["T4", "L4"]) {
      const text = await terminals.waitForText(`${train} · ${gpu}`, /exit code/);
      const lines = text.split("\n");
      assert.equal(lines[0], "Preparing the image python:3.12-slim");
      assert.equal(lines[1], `Waiting for ${gpu}`);
      assert.match(text, /no NVIDIA GPU on this machine/);
      assert.match(text, /^Syncing the folder\nSynced 1\d files, [\d.]+ KB\nTraining on/m);
      assert.deepEqual(
        lines.filter((line) => line.startsWith("epoch")).map((line) => line.replace(/[\d.]+$/, "")),
        [1, 2, 3, 4, 5].map((epoch) => `epoch ${epoch}/5 ${"━".repeat(24)} 100% loss `),
        "a progress bar is one line",
      );
      assert.match(lines.at(-2) ?? "", /^✓ y ≈ \d\.\d\d·x \+ \d\.\d\d after/);
      assert.match(lines.at(-1) ?? "", /^✓ exit code 0 · \d\.\ds · free, about \$0\.00\d\d on Modal$/);
    }
    assert.ok((await terminals.coloured("cyan").count()) > 0, "the bar is cyan");
    await workbench.screenshot("run-ended");
  });

  step("remembers the picked GPUs", async () => {
    await workbench.runCommand(`Modal: ${RUN}`);
    await workbench.quickInput.waitForTitle(/^Run .* · /);
    assert.deepEqual(await workbench.quickInput.tickedLabels(), ["T4", "L4"]);
    await workbench.quickInput.dismiss();
  });

  step("starts on Enter what was typed, not what is checked but filtered out", async () => {
    const { quickInput, terminals, page } = workbench;
    const begin = async (title: string) => {
      await workbench.editor.open("hello.sh");
      await workbench.runCommand(`Modal: ${RUN}`);
      await quickInput.waitForTitle(title);
    };
    await begin("Run hello.sh · T4, L4 · free on the local backend");
    await page.keyboard.type("h100");
    await page.keyboard.press("Enter");
    await terminals.waitForText("hello.sh · H100", /exit code 0/);
    assert.deepEqual(await terminals.names(), ["hello.sh · H100"]);

    await begin("Run hello.sh · H100 · ");
    await quickInput.fill("t4");
    await quickInput.waitForTitle("Run hello.sh · T4 · ");
    await workbench.screenshot("run-pick-typed");
    await quickInput.fill("a100");
    await quickInput.waitForTitle("Run hello.sh · A100-40GB · ");
    await page.keyboard.press("ArrowDown");
    await quickInput.waitForTitle("Run hello.sh · A100-80GB · ");
    await quickInput.fill("");
    await quickInput.waitForTitle("Run hello.sh · H100 · ");
    await quickInput.fill("l4:2");
    await quickInput.waitForTitle("Run hello.sh · 2 × L4 · ");
    await quickInput.row("2 × L4").waitFor();
    await quickInput.fill("t4");
    await quickInput.toggle("T4");
    await quickInput.waitForTitle("Run hello.sh · T4, H100 · ");
    await quickInput.waitToLeaveBox();
    await workbench.screenshot("run-pick-toggled");
    await page.keyboard.press("Enter");
    await pollUntil("both terminals exist", async () => (await terminals.names()).length === 3);
    assert.deepEqual((await terminals.names()).slice(1), ["hello.sh · T4", "hello.sh · H100"]);
    await terminals.waitForText("hello.sh · T4", /exit code 0/);
  });

  it("starts from the button in the editor's title, on the sandbox that already runs", async () => {
    await workbench.terminals.waitForText(await runOnT4("hello.sh"), /exit code 0/);
    await closeTerminals();
    await workbench.editor.titleAction(RUN).click();
    await pickGpus("T4");
    const text = await workbench.terminals.waitForText("hello.sh · T4", /exit code 0/);
    assert.match(text, new RegExp(`^Syncing the folder\\nAlready in sync\\nhello from ${WORKSPACE}\\n✓ exit code 0`));
  });

  it("starts from the Explorer's context menu", async () => {
    await workbench.openExplorer();
    await workbench.explorerAction("hello.sh", "Run File on GPU…");
    await pickGpus("T4");
    await workbench.terminals.waitForText("hello.sh · T4", /exit code 0/);
  });

  it("is offered in a submenu of the Explorer, with titles that fit the clicked file", async () => {
    await workbench.openExplorer();
    assert.deepEqual(await workbench.explorerActions("hello.sh", "Run File on GPU…"), [
      "Run File on GPU…",
      "Run File with Arguments…",
      "Run File in Background…",
      "Sweep File…",
      "Explain Sync…",
    ]);
    await workbench.screenshot("explorer-menu");
    await workbench.closeMenus();
    assert.deepEqual(await workbench.explorerActions("notes.txt", "Explain Sync…"), ["Explain Sync…"]);
    await workbench.closeMenus();
  });

  it("is offered in a submenu of the editor and by a button while the active file can run", async () => {
    const { editor } = workbench;
    await editor.open("hello.sh");
    assert.deepEqual(await editor.contextActions("Run Current File on GPU…"), [
      "Run Current File on GPU…",
      "Run Current File with Arguments…",
      "Run Current File in Background…",
      "Sweep Current File…",
    ]);
    await workbench.screenshot("editor-menu");
    await workbench.closeMenus();
    await editor.open("notes.txt");
    await editor.titleAction(RUN).waitFor({ state: "detached" });
    await editor.open("hello.sh");
    await editor.titleAction(RUN).waitFor();
  });

  it("saves a changed file first, and keeps every character", async () => {
    const { editor, terminals } = workbench;
    await editor.open("hello.sh");
    await editor.clickLine(2);
    await editor.type("echo 'größer ≥ ３ 🚀 é́'");
    assert.equal(await editor.isDirty("hello.sh"), true);
    await workbench.page.keyboard.press("ControlOrMeta+Alt+Enter");
    await pickGpus("T4");
    assert.match(await terminals.waitForText("hello.sh · T4", /exit code 0/), /^größer ≥ ３ 🚀 é́$/m);
    assert.equal(await editor.isDirty("hello.sh"), false);
    assert.match(await readFile(join(vscode.folder, "hello.sh"), "utf8"), /🚀/);
  });

  it("can be repeated without a question", async () => {
    await workbench.terminals.waitForText(await runOnT4("hello.sh"), /exit code 0/);
    await closeTerminals();
    await workbench.runCommand("Modal: Run Last File Again");
    await workbench.terminals.waitForText("hello.sh · T4", /exit code 0/);
  });

  it("runs an untitled file by its #! line", async () => {
    const { editor } = workbench;
    await workbench.newFile();
    await editor.type("#!/usr/bin/env bash\necho $((6 * 7)) ${BASH_VERSION:+in bash}");
    await workbench.page.keyboard.press("ControlOrMeta+Alt+Enter");
    await pickGpus("T4");
    await workbench.terminals.waitForText(/Untitled-\d · T4/, /42 in bash\n✓ exit code 0/);
  });

  it("runs an untitled file by its language", async () => {
    const { editor, quickInput } = workbench;
    await workbench.newFile();
    await editor.type("echo by its language");
    await workbench.runCommand("Change Language Mode");
    await quickInput.fill("Shell Script");
    await quickInput.pick("Shell Script");
    await editor.titleAction(RUN).click();
    await pickGpus("T4");
    await workbench.terminals.waitForText(/Untitled-\d · T4/, /by its language\n✓ exit code 0/);
  });

  it("asks how to run a file of an unknown kind", async () => {
    const { quickInput, terminals } = workbench;
    await workbench.editor.open("notes.txt");
    await workbench.runCommand(`Modal: ${RUN}`);
    await quickInput.waitForTitle("Run notes.txt As");
    assert.deepEqual(
      (await quickInput.items()).map(({ label }) => label),
      ["Python", "Shell", "JavaScript", "TypeScript", "CUDA"],
    );
    await workbench.screenshot("run-as");
    await quickInput.pick("Shell");
    await pickGpus("T4");
    await terminals.waitForText("notes.txt · T4", /run as a shell script\n✓ exit code 0/);
  });

  it("ends with the exit code of a program that fails", async () => {
    const text = await workbench.terminals.waitForText(await runOnT4("fails.sh"), /exit code/);
    assert.match(text, /it goes wrong\n✗ exit code 3 · \d\.\ds · free/);
    await workbench.screenshot("run-failed");
  });

  it("passes typed input to the program", async () => {
    const { terminals } = workbench;
    const name = await runOnT4("asks.sh");
    await terminals.waitForText(name, "What is your name?");
    await terminals.type(name, "Adda");
    await terminals.press(name, "Backspace");
    await terminals.press(name, "Backspace");
    await terminals.type(name, "a\n");
    await terminals.waitForText(name, /\nAda +\nGood morning, Ada\.\n✓ exit code 0/);
  });

  it("interrupts the program on Ctrl+C", async () => {
    const { terminals } = workbench;
    const name = await runOnT4("traps.sh");
    await terminals.waitForText(name, /^ready$/m);
    await terminals.press(name, "Control+c");
    await terminals.waitForText(name, /ready\n\^C\nsaving a checkpoint\nInterrupted · /);
  });

  it("ends the program when its terminal is closed", async () => {
    const { terminals } = workbench;
    const name = await runOnT4("forever.sh");
    await terminals.waitForText(name, /^ready$/m);
    assert.notDeepEqual(await findProcesses("/workspace/forever.sh"), []);
    await terminals.close(name);
    await pollUntil("the program has ended", async () => {
      const left = await findProcesses("/workspace/forever.sh");
      return left.length === 0;
    });
  });
});

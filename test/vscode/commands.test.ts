import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { commands, ConfigurationTarget, Uri, window, workspace } from "vscode";

import { useStory } from "../e2e/support/story";
import { pollUntil } from "../e2e/workbench/locators";
import { skip } from "../support/skip";
import { localBackends, ourExtension } from "./extension";
import { Person } from "./person";

const SLEEPS = "echo ready; while :; do sleep 0.1; done\n";

describe("with the local backend", function () {
  let person: Person;
  let elsewhere: string;
  before(async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
    await ourExtension().activate();
    await commands.executeCommand("modalSandboxes.useLocalBackend");
    person = new Person();
  });
  after(async () => {
    person.dispose();
    await setting("backend", undefined);
    await pollUntil("the local backend has ended", async () => (await localBackends()).length === 0);
    rmSync(elsewhere, { recursive: true, force: true });
  });
  const closeAll = async () => {
    await person.dismisses();
    await commands.executeCommand("workbench.action.closeAllEditors");
  };
  afterEach(closeAll);
  const step = useStory(closeAll);

  const setting = (name: string, value: unknown) =>
    workspace.getConfiguration("modalSandboxes").update(name, value, ConfigurationTarget.Global);

  /** A command that asks, whose answer is awaited later. */
  const start = (command: string, ...args: unknown[]) => {
    person.willAnswer();
    return Promise.resolve(commands.executeCommand(`modalSandboxes.${command}`, ...args));
  };
  const labels = (items: readonly { readonly label: string }[]) => items.map(({ label }) => label);

  const looseFile = (name: string, text: string): Uri => {
    const path = join(elsewhere, name);
    writeFileSync(path, text);
    return Uri.file(path);
  };

  describe("the run command", () => {
    it("says that no file is open, and offers to open one", async () => {
      await start("runFile");
      const { text, choices } = await person.sees(/No file is open/);
      assert.equal(text, "No file is open. Open the file that you want to run.");
      assert.deepEqual(choices, ["Open File…"]);
    });

    it("says that nothing has run yet when it is asked to run again", async () => {
      await start("runFileAgain");
      const { choices } = await person.sees(/Nothing has run in this window yet/);
      assert.deepEqual(choices, ["Run Current File on GPU…"]);
    });

    it("asks how to run a file of an unknown kind, and runs nothing without an answer", async () => {
      await window.showTextDocument(await workspace.openTextDocument({ language: "plaintext", content: "hello" }));
      await start("runFile");
      const { text, choices } = await person.sees(/^Run .* As$/);
      assert.match(text, /^Run Untitled-\d+ As$/);
      assert.deepEqual(choices, ["Python", "Shell", "JavaScript", "TypeScript", "CUDA"]);
      assert.equal(person.shown.length, 1);
    });

    it("preselects the GPUs of the setting, and starts nothing if the picker is dismissed", async () => {
      await setting("gpus", ["L4", "A10"]);
      const run = start("runFile", looseFile("loose.sh", "echo hello\n"));
      const picker = await person.picker(/^Run loose\.sh · /);
      assert.match(picker.title ?? "", /^Run loose\.sh · (L4, A10|A10, L4) · free on the local backend$/);
      assert.deepEqual(labels(picker.selectedItems).sort(), ["A10", "L4"]);
      await person.dismisses();
      await run;
      assert.deepEqual(terminals(), []);
      await setting("gpus", undefined);
    });

    step("runs the clicked file rather than the one in the editor, also outside every folder", async () => {
      const content = "echo from the editor\n";
      await window.showTextDocument(await workspace.openTextDocument({ language: "shellscript", content }));
      const run = start("runFile", looseFile("sleeps.sh", SLEEPS));
      await person.picker(/^Run sleeps\.sh · T4 · /);
      await person.accepts();
      await run;
      assert.deepEqual(terminals(), ["sleeps.sh · T4"]);
    });

    step("preselects the GPUs of the last run", async () => {
      await setting("gpus", ["H100"]);
      const run = start("runFile", looseFile("loose.sh", "echo hello\n"));
      const picker = await person.picker(/^Run loose\.sh · /);
      assert.deepEqual(labels(picker.selectedItems), ["T4"]);
      await person.dismisses();
      await run;
      await setting("gpus", undefined);
    });
  });

  describe("the run command with arguments", () => {
    it("offers to run with the arguments that are typed", async () => {
      const run = start("runFileWithArguments", looseFile("loose.sh", "echo hello\n"));
      const picker = await person.picker(/^Run loose\.sh With$/);
      picker.value = "--lr 0.3";
      await pollUntil("the row is active", () =>
        Promise.resolve(labels(picker.activeItems).join() === "Run with --lr 0.3"),
      );
      picker.value = "env";
      await pollUntil("the row is active", () => Promise.resolve(labels(picker.activeItems).join() === "Environment"));
      await person.dismisses();
      await run;
    });
  });

  describe("Prebuild Image…", () => {
    it("lists the valid specs, and says what is wrong with an invalid one", async () => {
      await setting("specs", { good: { image: "python:3.12-slim" }, bad: { memoryMiB: "lots" } });
      await start("prebuildImage");
      const { choices } = await person.sees(/^Prebuild Image$/);
      assert.deepEqual(choices, ["good", "bad", "Another image…"]);
      await setting("specs", undefined);
    });
  });

  describe("the terminate command", () => {
    step("asks before it interrupts a program, and keeps the sandbox if the user cancels", async () => {
      const question = await pollUntil("the sandbox runs", async () => {
        await start("terminateSandbox");
        return person.shown.find(({ text }) => text === "Terminate the T4 sandbox?");
      });
      assert.match(question.detail, /Still running: sleeps\.sh\./);
      assert.deepEqual(question.choices, ["Terminate"]);
      await start("terminateSandbox");
      assert.deepEqual(
        person.shown.map(({ text }) => text),
        ["Terminate the T4 sandbox?"],
        "the sandbox is still there",
      );
    });

    step("terminates the sandbox if the user agrees", async () => {
      person.willAnswer("Terminate");
      await commands.executeCommand("modalSandboxes.terminateSandbox");
      await start("terminateSandbox");
      const { choices } = await person.sees(/^No sandbox is running\.$/);
      assert.deepEqual(choices, ["Create Sandbox…"]);
    });
  });

  describe("the create command", () => {
    it("starts with the GPU of the setting as the first of three steps, and creates nothing if it is dismissed", async () => {
      await setting("gpus", ["L4"]);
      const creating = start("createSandbox");
      const picker = await person.picker(/^Create Sandbox$/);
      assert.deepEqual([picker.step, picker.totalSteps], [1, 3]);
      await pollUntil("the row is active", () => Promise.resolve(labels(picker.activeItems).join() === "L4"));
      await person.dismisses();
      await creating;
      await start("openTunnel");
      await person.sees(/^No sandbox is running\.$/);
      await setting("gpus", undefined);
    });
  });

  describe("the account commands", () => {
    it("offer every way to sign in, and change nothing if the user picks none", async () => {
      await start("signIn");
      const { choices } = await person.sees(/^Sign In to Modal$/);
      assert.equal(choices[0], "Sign in with the browser");
      assert.deepEqual(choices.slice(-2), ["Paste a token…", "Use the local backend"]);
      assert.equal(backend(), "local");
    });

    it("reject text that is not a token before they send it", async () => {
      person.willAnswer("Paste a token…", "my-password");
      await commands.executeCommand("modalSandboxes.signIn");
      const [, box] = person.shown;
      assert.match(box?.text ?? "", /^Token ID/);
      assert.equal(box?.detail, "It starts with ak-");
      assert.equal(backend(), "local");
    });

    it("leave the local backend on sign-out, which ends it", async () => {
      await start("signOut");
      assert.equal(backend(), "modal");
      await pollUntil("the local backend has ended", async () => (await localBackends()).length === 0);
    });
  });
});

const backend = () => workspace.getConfiguration("modalSandboxes").get("backend");

const terminals = () => window.terminals.map(({ name }) => name).filter((name) => name.includes(" · "));

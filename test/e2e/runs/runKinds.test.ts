import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, before, describe, it } from "mocha";

import { skip } from "../../support/skip";
import { samplePrograms } from "../support/sampleFolder";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import { pollUntil } from "../workbench/locators";
import { TreeView } from "../workbench/treeView";
import type { Workbench } from "../workbench/workbench";

const cells = [
  "# %% Prepare",
  "data = [1, 2, 3]",
  "# %% Show",
  "import sys",
  "def double(values):",
  "    return [value * 2 for value in values]",
  "print(double([4, 5]))",
  "raise ValueError('on purpose')",
];

const tasks = {
  version: "2.0.0",
  tasks: [
    {
      label: "fail on T4",
      type: "modal",
      file: "fails.py",
      gpu: "T4",
      args: ["--fast"],
      env: { MODE: "test" },
      problemMatcher: ["$modal-python", "$modal-python-carets"],
    },
    { label: "fail without a matcher", type: "modal", file: "unmatched.py", gpu: "T4", problemMatcher: [] },
  ],
};

const fails = ["import os, sys", "print(sys.argv[1:], os.environ['MODE'])", "raise ValueError('no data')"];

const book = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [{ cell_type: "code", id: "one", metadata: {}, source: ["print(6 * 7)"], outputs: [], execution_count: null }],
};

describe("running more than a file", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.specs": { small: { gpu: "CPU", env: { PLACE: "small" } } },
    },
  });
  let workbench: Workbench;
  before(async function () {
    if (samplePrograms().train !== "train.py") skip(this, "needs python3");
    await writeFile(join(vscode.folder, "cells.py"), `${cells.join("\n")}\n`);
    await mkdir(join(vscode.folder, "pack"));
    await writeFile(join(vscode.folder, "pack", "__init__.py"), "");
    await writeFile(join(vscode.folder, "pack", "told.py"), 'print(__name__, "of", __package__)\n');
    await writeFile(join(vscode.folder, "book.ipynb"), JSON.stringify(book));
    await writeFile(join(vscode.folder, "fails.py"), `${fails.join("\n")}\n`);
    await writeFile(join(vscode.folder, "unmatched.py"), "raise ValueError('no match')\n");
    await writeFile(join(vscode.folder, "args.sh"), 'echo "got $# [$1] [$2] in $(pwd), $MODE"\n');
    await writeFile(join(vscode.folder, "place.sh"), 'echo "$1, $MODE, in $PLACE"\n');
    await mkdir(join(vscode.folder, ".vscode"), { recursive: true });
    await writeFile(join(vscode.folder, ".vscode", "tasks.json"), JSON.stringify(tasks));
    workbench = await vscode.open();
    // The view wakes the extension, whose lines above cells come with it.
    await workbench.sandboxes.open();
  });
  const closeTerminals = async () => {
    const { terminals } = workbench;
    if ((await terminals.names()).length > 0) await workbench.runCommand("Terminal: Kill All Terminals");
    await pollUntil("no terminal is left", async () => (await terminals.names()).length === 0);
  };
  afterEach(closeTerminals);

  const acceptGpus = async (place = "T4") => {
    await workbench.quickInput.waitForTitle(/^Run .* · /);
    await workbench.quickInput.tickOnly([place]);
    await workbench.quickInput.accept();
  };
  /** With the lines above its cells, which move what is below them. */
  const openCells = async () => {
    await workbench.editor.open("cells.py");
    const lenses = workbench.page.locator(".codelens-decoration a", { hasText: /^Run Cell on GPU$/ });
    await pollUntil("both cells offer to be run", async () => (await lenses.count()) === 2);
    return lenses;
  };
  const change = async (file: string, what: string, text: string) => {
    const { quickInput } = workbench;
    await quickInput.pick(what);
    await quickInput.waitForTitle(`Run ${file} With: ${what}`);
    await quickInput.fill(text);
    await quickInput.accept();
    await quickInput.waitForTitle(new RegExp(`^Run ${file} With$`));
  };

  const step = useStory(closeTerminals);

  step("keeps the button of the editor's title for the whole file, and offers the rest next to it", async () => {
    const { editor, terminals } = workbench;
    await editor.open("args.sh");
    await editor.titleAction("Run Current File on GPU…").click();
    await acceptGpus();
    await terminals.waitForText("args.sh · T4", /got 0 .*\n✓ exit code 0/);
  });

  step(
    "starts the editor's file in a sandbox from the button of its row, and says so if there is no file",
    async () => {
      const { editor, notifications, sandboxes, terminals } = workbench;
      const runInRow = () => sandboxes.inlineAction(sandboxes.row("T4"), "Run Current File in Sandbox");
      await editor.open("args.sh");
      await runInRow();
      await terminals.waitForText("args.sh · T4", /got 0 .*\n✓ exit code 0/);
      await workbench.screenshot("run-in-sandbox-of-row");

      await workbench.runCommand("View: Close All Editors");
      await runInRow();
      assert.deepEqual(await notifications.buttons("No file is open. Open the file that you want to run."), [
        "Open File…",
      ]);
      await workbench.screenshot("run-in-sandbox-without-file");
      await notifications.dismiss("No file is open.");
    },
  );

  it("runs the selection, and its traceback has the file's own lines", async () => {
    const { editor, page, terminals } = workbench;
    await openCells();
    await editor.clickLine(4);
    await page.keyboard.press("Home");
    for (let line = 4; line < 8; line++) await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+End");
    await page.keyboard.press("ControlOrMeta+Alt+Shift+Enter");
    await acceptGpus();
    const text = await terminals.waitForText("cells.py lines 4-8 · T4", /exit code 1/);
    assert.match(text, /^\[8, 10\]$/m);
    assert.match(text, /File "\/workspace\/cells\.py", line 8, in <module>/);
    assert.doesNotMatch(text, /File "\/tmp/);
    await workbench.screenshot("run-selection");
  });

  it("runs a cell from the line above it", async () => {
    const { terminals } = workbench;
    const lenses = await openCells();
    await workbench.screenshot("run-cell-lenses");
    await lenses.first().click();
    await acceptGpus();
    await terminals.waitForText("cells.py [Prepare] · T4", /exit code 0/);
    await workbench.screenshot("run-cell");
  });

  it("runs all cells down to the one with the cursor", async () => {
    const { editor, terminals } = workbench;
    await openCells();
    await editor.clickLine(5);
    await workbench.runCommand("Modal: Run Cells to Here on GPU…");
    await acceptGpus();
    const text = await terminals.waitForText("cells.py to line 9 · T4", /exit code 1/);
    assert.match(text, /^\[8, 10\]$/m);
    await workbench.screenshot("run-cells-to-here");
  });

  it("runs a module as python -m does", async () => {
    const { editor, quickInput, terminals } = workbench;
    await editor.open("pack/told.py");
    await workbench.runCommand("Modal: Run Module on GPU…");
    await quickInput.waitForTitle("Run Module");
    await workbench.screenshot("run-module-name");
    await quickInput.accept();
    await quickInput.enter("Run");
    await acceptGpus();
    await terminals.waitForText("pack.told · T4", /__main__ of pack\n✓ exit code 0/);
  });

  it("runs a notebook from the button of its toolbar", async () => {
    const { page, quickInput, terminals } = workbench;
    await quickInput.openFile("book.ipynb");
    await page.locator('.notebook-toolbar-container a.action-label[aria-label^="Run Current File on GPU"]').click();
    await acceptGpus();
    // This machine's Python may lack Jupyter, which is then said.
    await terminals.waitForText("book.ipynb · T4", /✓ exit code 0|lacks nbclient and ipykernel/);
    await workbench.screenshot("run-notebook");
  });

  it("runs a file with arguments, environment and directory, and offers them the next time", async () => {
    const { editor, quickInput, terminals } = workbench;
    const start = async () => {
      await workbench.runCommand("Modal: Run Current File with Arguments…");
      await quickInput.waitForTitle("Run args.sh With");
    };
    await editor.open("args.sh");
    await start();
    await change("args.sh", "Arguments", "--name 'Ada L.'");
    await change("args.sh", "Environment", "MODE=fast");
    await workbench.screenshot("run-with-arguments");
    await quickInput.enter("Run");
    await acceptGpus();
    await terminals.waitForText("args.sh · T4", /got 2 \[--name\] \[Ada L\.\] in \/workspace, fast\n✓ exit code 0/);

    await start();
    const [first] = await quickInput.items();
    assert.equal(first?.description, "--name 'Ada L.' · MODE=fast");
    await quickInput.dismiss();
  });

  it("runs a typed command", async () => {
    const { page, quickInput, terminals } = workbench;
    await workbench.runCommand("Modal: Run Command on GPU…");
    await quickInput.waitForTitle(/^Run in /);
    await quickInput.fill("ls *.sh | head -1");
    await page.keyboard.press("Enter");
    await acceptGpus();
    await terminals.waitForText("ls *.sh | head -1 · T4", /^args\.sh\n✓ exit code 0/m);
  });

  it("repeats a past run on its spec, with its arguments and variables", async () => {
    const { editor, page, quickInput, terminals } = workbench;
    await editor.open("place.sh");
    await workbench.runCommand("Modal: Run Current File with Arguments…");
    await change("place.sh", "Arguments", "once");
    await change("place.sh", "Environment", "MODE=slow");
    await quickInput.enter("Run");
    await acceptGpus("small");
    const ended = /^once, slow, in small\n✓ exit code 0/m;
    await terminals.waitForText("place.sh · CPU", ended);
    await terminals.close("place.sh · CPU");

    const history = new TreeView(page, "Modal", "Run History");
    await history.unfold();
    await history.inlineAction(history.row("place.sh"), "Run Again");
    await terminals.waitForText("place.sh · CPU", ended);
    await workbench.screenshot("run-again-on-its-spec");
  });

  step("runs a task of tasks.json, whose problems are matched once and which ends with its program", async () => {
    const { page, quickInput, sandboxes } = workbench;
    const runTask = async (task: RegExp, file: string) => {
      await workbench.runCommand("Tasks: Run Task");
      await quickInput.row(task).waitFor();
      await quickInput.pick(task);
      await pollUntil("the run of the task has ended", async () => {
        const runs = (await sandboxes.rows()).filter(({ label }) => label === file);
        return runs.length === 1 && runs[0]?.description.startsWith("exit code 1");
      });
    };
    const problems = (text: string | RegExp) => page.locator(".markers-panel .monaco-list-row", { hasText: text });
    await sandboxes.expand("T4");
    await runTask(/fail on T4/, "fails.py");
    await runTask(/fail without a matcher/, "unmatched.py");
    await workbench.runCommand("Problems: Focus on Problems View");
    await problems(/no match\s*unmatched\.py/).waitFor();
    await problems(/no data\s*Modal/).waitFor();
    assert.equal(await problems("no data").count(), 1);
    await workbench.screenshot("run-task-problem");
    await problems("no data").dblclick();
    await page.locator(".editor-group-container.active .tab.active[data-resource-name='fails.py']").waitFor();
  });
});

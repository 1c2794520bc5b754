import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { ComparisonView } from "../workbench/comparison";
import { exactly, pollUntil } from "../workbench/locators";
import { answerSweep, typeSets } from "../workbench/sweeps";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

/** A GPU at work, never twice the same. */
const NVIDIA_SMI = `#!/bin/sh
noise=$(od -An -N1 -tu1 /dev/urandom)
echo "0, $((50 + noise / 6)), $((9000 + noise * 20)), 15360, 61, 48.12"
`;

const SPEED = `rate=$(od -An -N1 -tu1 /dev/urandom)
for step in $(seq 20); do
  echo "metric: loss=0.$((90 / step)) tokens/s=$(((rate + 200) * step))"
  sleep 1
done
echo '{"accuracy": 0.93}'
`;

const RESULTS = 'mkdir -p out; echo "$MODAL_SANDBOXES_GPU" >out/result.txt\n';

const SWEPT = 'echo "metric: rate=$2"; [ "$2" != 0.5 ]\n';

describe("the comparison of runs", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.env": { PATH: "/workspace/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  });
  const step = useStory();
  let workbench: Workbench;
  let comparison: ComparisonView;
  before(async () => {
    await mkdir(join(vscode.folder, "tools"), { recursive: true });
    await writeFile(join(vscode.folder, "tools/nvidia-smi"), NVIDIA_SMI, { mode: 0o755 });
    await writeFile(join(vscode.folder, "speed.sh"), SPEED);
    await writeFile(join(vscode.folder, "results.sh"), RESULTS);
    await writeFile(join(vscode.folder, "swept.sh"), SWEPT);
    await writeFile(join(vscode.folder, "sets.csv"), "rate\n0.1\n0.5\n0.25\n0.75\n");
    workbench = await vscode.open();
    comparison = new ComparisonView(workbench.page);
  });

  step("fills in live next to the editor, which keeps the focus, in each theme", async () => {
    const { quickInput, page } = workbench;
    await workbench.editor.open("speed.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.waitForTitle(/^Run .* · /);
    await quickInput.tickOnly(["T4", "L4", "A10"]);
    await quickInput.accept();
    await comparison.waitForNote(/^3 runs · 3 running$/);
    await comparison.heading("loss").waitFor();
    await comparison.heading("Peak GPU use").waitFor();
    await page.locator('.editor-group-container .tab.active[data-resource-name="speed.sh"]').waitFor();
    assert.deepEqual((await comparison.column("GPU")).sort(), ["A10", "L4", "T4"]);
    assert.deepEqual(await comparison.column("State"), ["Running", "Running", "Running"]);
    await workbench.runCommand("View: Toggle Panel Visibility");
    await workbench.screenshot("comparison-live-dark");

    await comparison.waitForNote(/^3 runs · 3 done$/);
    assert.deepEqual(await comparison.column("Exit code"), ["0", "0", "0"]);
    assert.deepEqual(await comparison.column("loss"), ["0.4", "0.4", "0.4"]);
    assert.deepEqual(await comparison.column("accuracy"), ["0.93", "0.93", "0.93"]);
    assert.ok((await comparison.column("Vs. cheapest")).includes("1.0×"));
    assert.equal(await comparison.frame.locator("tbody polyline").count(), 3);
    await workbench.screenshot("comparison-done-dark");

    await workbench.runCommand("Preferences: Toggle between Light/Dark Themes");
    await comparison.frame.locator("body.vscode-light").waitFor();
    await workbench.screenshot("comparison-done-light");
    await workbench.runCommand("Preferences: Toggle between Light/Dark Themes");
    await comparison.frame.locator("body.vscode-dark").waitFor();
  });

  step("is sorted with the keyboard, up and down, and announces the order", async () => {
    const heading = comparison.heading("GPU");
    await heading.locator("button").press("Enter");
    await pollUntil("it is sorted", async () => (await heading.getAttribute("aria-sort")) === "ascending");
    assert.deepEqual(await comparison.column("GPU"), ["A10", "L4", "T4"]);
    await heading.locator("button").press("Enter");
    await pollUntil("it is sorted", async () => (await heading.getAttribute("aria-sort")) === "descending");
    assert.deepEqual(await comparison.column("GPU"), ["T4", "L4", "A10"]);
  });

  step("is exported to a CSV file and copied as Markdown in the order shown", async () => {
    await comparison.press("Export…");
    await workbench.quickInput.waitForTitle("Export Comparison");
    await workbench.quickInput.accept();
    const path = join(vscode.folder, "speed.sh-comparison.csv");
    const csv = await pollUntil("the file is there", () => readFile(path, "utf8"));
    const [head, ...rows] = csv.trimEnd().split("\r\n");
    assert.match(head ?? "", /^GPU,State,Run time \(s\),Cost on Modal \(USD\),Vs\. cheapest,loss,/);
    assert.deepEqual(
      rows.map((row) => row.split(",").slice(0, 2).join(" ")),
      ["T4 Done", "L4 Done", "A10 Done"],
    );
    await comparison.press("Copy as Markdown");
    await workbench.waitForClipboard(/^\| GPU \| State \|.*\n\| :-- \| :-- \|.*\n\| T4 \| Done \|/);
  });

  step("has a row for each argument set of a sweep, which starts none above the spending limit", async () => {
    const { terminals } = workbench;
    const before = (await terminals.names()).length;
    await typeSets(workbench, "swept.sh", ["--rate 0.1", "--rate 0.5", "--rate 0.25"]);
    await workbench.screenshot("sweep-argument-sets");
    await answerSweep(workbench, { parallel: "2", dollars: "0.02" });
    await comparison.waitForNote(/3 argument sets · 1 done, 2 not started · .* of \$0\.02$/);
    assert.deepEqual(await comparison.column("Arguments"), ["--rate 0.1", "--rate 0.5", "--rate 0.25"]);
    assert.match((await comparison.column("State")).join(), /^Done,(Not started: spending limit of \$0\.02,?){2}$/);
    assert.equal((await terminals.names()).length, before);
    await workbench.screenshot("sweep-spending-limit");
  });

  step("covers a file of argument sets, and a set that fails does not stop the others", async () => {
    const { quickInput } = workbench;
    await workbench.editor.open("swept.sh");
    await workbench.runCommand("Modal: Sweep Current File…");
    await quickInput.waitForTitle("Sweep swept.sh");
    await quickInput.row(/From a File/).click();
    await quickInput.waitForTitle("Argument Sets");
    await quickInput.pick("sets.csv");
    await quickInput.row("--rate 0.75").waitFor();
    await answerSweep(workbench, { parallel: "2" });
    await comparison.waitForNote(/4 argument sets · 3 done, 1 failed · /);
    await comparison.waitForColumn("rate", ["0.1", "0.5", "0.25", "0.75"]);
    await workbench.screenshot("sweep-done");
  });

  step("offers the argument sets that were last used with each file", async () => {
    const { quickInput } = workbench;
    await typeSets(workbench, "speed.sh", []);
    await quickInput.row(/From a File/).waitFor();
    assert.equal((await quickInput.items()).length, 1);
    await quickInput.dismiss();
    await typeSets(workbench, "swept.sh", []);
    await quickInput.row("--rate 0.75").waitFor();
    assert.equal((await quickInput.items()).filter(({ label }) => label.startsWith("--rate")).length, 4);
    await quickInput.dismiss();
  });

  it("opens the folder of a row's outputs, and puts the outputs of one row in place", async () => {
    const { quickInput, page } = workbench;
    await workbench.editor.open("results.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.waitForTitle(/^Run .* · /);
    await quickInput.tickOnly(["T4", "L4"]);
    await quickInput.accept();
    await comparison.waitForNote(/^2 runs · 2 done$/);
    await comparison.outputs("T4").open.click();
    const opened = page.locator(".explorer-folders-view .monaco-list-row.selected");
    await opened.filter({ hasText: exactly("T4") }).waitFor();
    await workbench.screenshot("comparison-outputs");

    const read = (name: string) => readFile(join(vscode.folder, "out", name), "utf8");
    await comparison.outputs("L4").keep.click();
    assert.equal(await pollUntil("they are in place", () => read("result.txt")), "L4\n");
    await comparison.outputs("T4").keep.click();
    await pollUntil("the question is asked", () => workbench.dialog.isOpen());
    assert.match(await workbench.dialog.text(), /^out\/result\.txt has changed here since the run started/);
    await workbench.screenshot("keep-outputs-question");
    await workbench.dialog.press("Keep Both");
    const copy = "result (sandbox copy from T4).txt";
    assert.equal(await pollUntil("both are there", () => read(copy)), "T4\n");
    assert.equal(await read("result.txt"), "L4\n");
  });

  step("can be opened again later", async () => {
    await workbench.runCommand("Modal: Compare Runs…");
    await workbench.quickInput.waitForTitle("Compare Runs");
    await workbench.screenshot("compare-runs");
    await workbench.quickInput.pick("speed.sh");
    await pollUntil("it is shown", async () => (await comparison.title()) === "speed.sh");
    await comparison.waitForNote(/^3 runs · 3 done$/);
    assert.equal(await comparison.tab.count(), 1);
  });

  step("is chosen with the keyboard alone, and Enter picks the active row", async () => {
    const { quickInput } = workbench;
    await workbench.runCommand("Modal: Compare Runs…");
    await quickInput.waitForTitle("Compare Runs");
    await quickInput.waitForActive();
    await quickInput.fill("choose");
    await quickInput.enter("Choose Runs…");
    await quickInput.row("speed.sh · L4").waitFor();
    await quickInput.fill("speed.sh · l4");
    await quickInput.enter("speed.sh · L4");
    await comparison.waitForNote(/^1 run · 1 done$/);
  });
});

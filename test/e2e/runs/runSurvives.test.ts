import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { useSharedBackend } from "../support/localBackend";
import { pollUntil } from "../workbench/locators";
import { TreeView } from "../workbench/treeView";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

/** Counts aloud until it is told to end. */
const COUNT = `n=0
while [ ! -e /tmp/end ]; do n=$((n + 1)); echo "tick $n"; sleep 0.1; done
rm /tmp/end; echo over; exit 3
`;

const STUBBORN = `trap 'echo "no, I stay"' INT
echo ready
while true; do sleep 0.1; done
`;

const TASKS = {
  version: "2.0.0",
  tasks: [{ label: "count to the end", type: "modal", file: "count.sh", gpu: "T4", problemMatcher: [] }],
};

const TERMINAL = "count.sh · T4";

describe("a run in a terminal", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: { "modalSandboxes.gpus": ["T4"], "modalSandboxes.onWindowClose": "keep" },
  }));
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    await writeFile(join(vscode.folder, "count.sh"), COUNT);
    await writeFile(join(vscode.folder, "stubborn.sh"), STUBBORN);
    await mkdir(join(vscode.folder, ".vscode"));
    await writeFile(join(vscode.folder, ".vscode", "tasks.json"), JSON.stringify(TASKS));
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const inSandbox = async (...argv: string[]) => {
    for await (const sandbox of modal.client.sandboxes.list()) await (await sandbox.exec(argv)).wait();
  };
  /** Has the window that comes after take the run under way for one that started earlier. */
  const startedEarlier = async (ms: number) => {
    const folder = join(vscode.server.storage, "runs", "open");
    for (const name of await readdir(folder)) {
      const record = JSON.parse(await readFile(join(folder, name), "utf8")) as { startedAt: number };
      await writeFile(join(folder, name), JSON.stringify({ ...record, startedAt: record.startedAt - ms }));
    }
  };
  const endProgram = () => inSandbox("touch", "/tmp/end");
  /** Each number once, in order. */
  const isWhole = (text: string) => {
    const ticks = [...text.matchAll(/^tick (\d+)$/gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      ticks,
      ticks.map((_, index) => index + 1),
    );
  };

  step("keeps running while its window reloads, and its terminal comes back with the whole output", async () => {
    const { terminals } = workbench;
    await workbench.runFile("count.sh");
    await terminals.waitForText(TERMINAL, /^tick 5$/m);
    await workbench.reload();
    const text = await terminals.waitForText(TERMINAL, /^tick 25$/m, 30_000);
    isWhole(text);
    await workbench.screenshot("run-reattached");
    await endProgram();
    const whole = await terminals.waitForText(TERMINAL, /exit code 3/);
    isWhole(whole);
    assert.match(whole, /^over$/m);
  });

  step("can be left in the background, and shown again with the whole output", async () => {
    const { terminals, sandboxes } = workbench;
    await terminals.close(TERMINAL);
    await workbench.runFile("count.sh");
    await terminals.waitForText(TERMINAL, /^tick 3$/m);
    await workbench.runCommand("Modal: Leave Run in Background");
    await pollUntil("its terminal is closed", async () => !(await terminals.names()).includes(TERMINAL));
    await sandboxes.expand("T4");
    await pollUntil("it runs still", async () =>
      (await sandboxes.rows()).some(({ description }) => description.startsWith("running")),
    );
    await workbench.screenshot("run-in-background");
    await (await sandboxes.child("T4", "count.sh")).click();
    const text = await terminals.waitForText(TERMINAL, /^tick 20$/m);
    isWhole(text);
    await endProgram();
    await terminals.waitForText(TERMINAL, /exit code 3/);
  });

  step("ends on a second Ctrl+C if it ignores the first", async () => {
    const { terminals } = workbench;
    const name = "stubborn.sh · T4";
    await workbench.runFile("stubborn.sh");
    await terminals.waitForText(name, /^ready$/m);
    await terminals.press(name, "Control+c");
    await terminals.waitForText(name, /no, I stay/);
    await terminals.press(name, "Control+c");
    await terminals.waitForText(name, /Interrupted · /);
    await workbench.screenshot("run-stopped");
  });

  step("is listed in the history with its output", async () => {
    const { page, terminals } = workbench;
    const history = new TreeView(page, "Modal", "Run History");
    await history.unfold();
    const rows = await pollUntil("the runs are listed", async () => {
      const listed = await history.rows();
      return listed.length === 3 ? listed : undefined;
    });
    assert.deepEqual(
      rows.map(({ label }) => label),
      ["stubborn.sh", "count.sh", "count.sh"],
    );
    assert.match(rows[0]?.description ?? "", /^interrupted · T4 · /);
    await workbench.screenshot("run-history");
    await terminals.close("stubborn.sh · T4");
    await history.contextAction(history.row("stubborn.sh"), "Show Output");
    const text = await terminals.waitForText("stubborn.sh · T4", /Interrupted · /);
    assert.match(text, /ready\n/);
  });

  step("keeps running after more than a minute when its terminal is closed, and can be shown or stopped", async () => {
    const { terminals, sandboxes, notifications } = workbench;
    const STILL = /count\.sh is still running on T4 \(\$\d\.\d\d\/h\)/;
    await workbench.runCommand("Terminal: Kill All Terminals");
    await workbench.runFile("count.sh");
    await terminals.waitForText(TERMINAL, /^tick 3$/m);
    await startedEarlier(2 * 60_000);
    await workbench.reload();
    await terminals.waitForText(TERMINAL, /^tick 5$/m);

    await terminals.close(TERMINAL);
    await notifications.waitFor(STILL);
    assert.deepEqual(await notifications.buttons(STILL), ["Stop", "Show"]);
    await workbench.screenshot("run-terminal-closed");
    await notifications.press(STILL, "Show");
    isWhole(await terminals.waitForText(TERMINAL, /^tick 25$/m));
    await terminals.close(TERMINAL);
    await notifications.press(STILL, "Stop");
    await sandboxes.expand("T4");
    await pollUntil("its program has ended", async () =>
      (await sandboxes.rows()).some(
        ({ label, description }) => label === "count.sh" && description.startsWith("interrupted"),
      ),
    );
  });

  step(
    "of a task keeps running in a new terminal while its window reloads, and otherwise ends with its task",
    async () => {
      const { quickInput, sandboxes, terminals } = workbench;
      await workbench.runCommand("Terminal: Kill All Terminals");
      const runTask = async () => {
        await workbench.runCommand("Tasks: Run Task");
        await quickInput.row(/count to the end/).waitFor();
        await quickInput.pick(/count to the end/);
        await pollUntil("its program runs", async () => (await newest())?.startsWith("running"));
      };
      const newest = async () => {
        await sandboxes.expand("T4");
        return (await sandboxes.rows()).find(({ label }) => label === "count.sh")?.description;
      };
      await runTask();
      await workbench.reload();
      isWhole(await terminals.waitForText(TERMINAL, /^tick 25$/m));
      await workbench.screenshot("task-reattached");
      await endProgram();
      isWhole(await terminals.waitForText(TERMINAL, /^over\n.*exit code 3/m));

      await runTask();
      await workbench.runCommand("Tasks: Terminate Task");
      await quickInput.pick("count to the end");
      await pollUntil("its program has ended", async () => (await newest())?.startsWith("interrupted"));
      await workbench.screenshot("task-terminated");
    },
  );
});

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { useSharedBackend } from "./localBackend";
import { useVsCode } from "./vsCodeSuite";
import { ComparisonView } from "./workbench/comparison";
import { answerSweep, typeSets } from "./workbench/sweeps";
import type { Workbench } from "./workbench/workbench";

const HELD = `while [ ! -e /tmp/go ]; do sleep 0.1; done
echo "metric: rate=$2"
`;

describe("a sweep", () => {
  const modal = useSharedBackend();
  const vscode = useVsCode(() => ({ env: modal.signedIn, settings: { "modalSandboxes.onWindowClose": "keep" } }));
  let workbench: Workbench;
  let comparison: ComparisonView;
  before(async () => {
    await writeFile(join(vscode.folder, "held.sh"), HELD);
    workbench = await vscode.open();
    comparison = new ComparisonView(workbench.page);
  });

  const INTERRUPTED = /The sweep of held\.sh was interrupted/;
  const running = async () => {
    let count = 0;
    for await (const sandbox of modal.client.sandboxes.list()) count += sandbox.sandboxId === "" ? 0 : 1;
    return count;
  };

  it("is offered to the window that comes after, which goes on with what waited", async () => {
    const { notifications } = workbench;
    await typeSets(workbench, "held.sh", ["--rate 0.1", "--rate 0.2", "--rate 0.3", "--rate 0.4"]);
    await answerSweep(workbench, "2", "");
    await comparison.waitForNote(/4 argument sets · 2 running, 2 waiting/);
    await workbench.reload();
    const toast = await notifications.waitFor(INTERRUPTED, 60_000);
    assert.match(await toast.innerText(), /2 of 4 argument sets have not run\. Continue on up to 2 sandboxes \(T4\)\?/);
    assert.deepEqual(await notifications.buttons(INTERRUPTED), ["Continue", "Discard"]);
    await workbench.screenshot("sweep-interrupted");
    assert.equal(await running(), 2);

    await notifications.press(INTERRUPTED, "Continue");
    await comparison.waitForNote(/4 argument sets · 2 running, 2 waiting/);
    assert.equal(await running(), 2);
    await workbench.screenshot("sweep-continued");
    for await (const sandbox of modal.client.sandboxes.list()) await (await sandbox.exec(["touch", "/tmp/go"])).wait();
    await comparison.waitForNote(/4 argument sets · 4 done/);
    await comparison.waitForColumn("rate", ["0.1", "0.2", "0.3", "0.4"]);
    await workbench.screenshot("sweep-continued-done");
  });

  it("that is over is not offered", async () => {
    await workbench.reload();
    await workbench.runCommand("Modal: Continue Interrupted Sweep…");
    await workbench.notifications.dismiss(/No sweep of this folder was interrupted/);
  });
});

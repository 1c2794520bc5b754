import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { useSharedBackend } from "../support/localBackend";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import { ComparisonView } from "../workbench/comparison";
import { pollUntil } from "../workbench/locators";
import { answerSweep, typeSets } from "../workbench/sweeps";
import type { Workbench } from "../workbench/workbench";

const HELD = `while [ ! -e /tmp/go ]; do sleep 0.1; done
echo "metric: rate=$2"
`;

const SETS = ["--rate 0.1", "--rate 0.2", "--rate 0.3", "--rate 0.4"];

describe("a sweep in a window", () => {
  const modal = useSharedBackend({ MODAL_LOCAL_NO_CAPACITY: "B300" });
  const vscode = useVsCode(() => ({
    env: modal.signedIn,
    settings: {
      "modalSandboxes.onWindowClose": "keep",
      "modalSandboxes.capacityWaitMinutes": 0.1,
      "modalSandboxes.gpuFallback": ["L4"],
    },
  }));
  const step = useStory();
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

  const release = async () => {
    for await (const sandbox of modal.client.sandboxes.list()) await (await sandbox.exec(["touch", "/tmp/go"])).wait();
  };

  it("is offered to the next window, which resumes with the waiting sets", async () => {
    const { notifications } = workbench;
    await typeSets(workbench, "held.sh", SETS);
    await answerSweep(workbench, { parallel: "2" });
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
    await release();
    await comparison.waitForNote(/4 argument sets · 4 done/);
    await comparison.waitForColumn("rate", ["0.1", "0.2", "0.3", "0.4"]);
    await workbench.screenshot("sweep-continued-done");
  });

  step("needs no answer if nothing is left to start, and its sandboxes end with their programs", async () => {
    await typeSets(workbench, "held.sh", SETS);
    await answerSweep(workbench, { parallel: "4" });
    await comparison.waitForNote(/4 argument sets · 4 running/);
    await workbench.reload();
    await release();
    await pollUntil("no sandbox is left", async () => (await running()) === 0);
    await workbench.notifications.waitForNone();
  });

  step("is not offered after it finished", async () => {
    await workbench.reload();
    await workbench.runCommand("Modal: Continue Interrupted Sweep…");
    await workbench.notifications.dismiss(/No sweep of this folder was interrupted/);
  });

  it("asks once which GPU to use instead of an unavailable one", async () => {
    const { notifications } = workbench;
    await writeFile(join(vscode.folder, "quick.sh"), 'echo "metric: rate=$2"\n');
    await typeSets(workbench, "quick.sh", SETS);
    await answerSweep(workbench, { gpu: "B300", parallel: "2" });
    const question = "Modal has no B300 free right now. Run on another GPU instead?";
    await notifications.waitFor(question, 60_000);
    await comparison.waitForNote(/4 argument sets · 2 starting, 2 waiting/);
    await pollUntil("both wait for the answer", async () =>
      (await comparison.column("State")).slice(0, 2).every((state) => state === "Modal has no B300 free right now"),
    );
    await workbench.screenshot("sweep-other-gpu");
    assert.match((await notifications.buttons(question)).join(), /^L4 · \$[\d.]+\/h,Pick Another GPU…$/);
    await notifications.press(question, "L4");
    await comparison.waitForNote(/4 argument sets · 4 done/);
    await notifications.waitForNone();
    assert.equal(await running(), 0);
  });
});

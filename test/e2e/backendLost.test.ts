import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { pollUntil } from "./workbench/locators";
import { useStory } from "./support/story";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

describe("a backend that dies during a run", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local", "modalSandboxes.gpus": ["T4"] } });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    await writeFile(join(vscode.folder, "forever.sh"), "echo ready\nwhile :; do sleep 0.1; done\n");
    await writeFile(join(vscode.folder, "hello.sh"), "echo hello\n");
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  const run = async (file: string) => {
    await workbench.runFile(file);
    return `${file} · T4`;
  };

  step("ends the run with an error", async () => {
    const { terminals, sandboxes } = workbench;
    const name = await run("forever.sh");
    await terminals.waitForText(name, /^ready$/m);
    const [backend] = await vscode.server.localBackends();
    assert.ok(backend);
    process.kill(backend, "SIGKILL");

    const text = await terminals.waitForText(name, /^✗ /m);
    assert.match(text.split("\n").at(-1) ?? "", /^✗ [A-Z].*\.$/);
    assert.doesNotMatch(text, /Error:|UNAVAILABLE|undefined/);
    await workbench.screenshot("backend-lost");
    await pollUntil("nothing runs in the tree", async () =>
      (await sandboxes.rows()).every(({ description }) => !description.startsWith("running")),
    );
  });

  step("is started again by the next run", async () => {
    const name = await run("hello.sh");
    await workbench.terminals.waitForText(name, /hello\n✓ exit code 0/);
    await workbench.movePointerAway();
    await workbench.screenshot("backend-again");
  });
});

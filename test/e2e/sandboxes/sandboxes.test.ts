import assert from "node:assert/strict";
import { before, describe } from "mocha";
import type { Sandbox } from "modal";

import { useSharedBackend } from "../support/localBackend";
import { samplePrograms } from "../support/sampleFolder";
import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const APP = "vscode-sandboxes";

describe("the sandboxes view", () => {
  const modal = useSharedBackend({ MODAL_LOCAL_NO_CAPACITY: "B300" });
  const vscode = useVsCode(() => ({ env: modal.signedIn, settings: { "modalSandboxes.gpus": ["T4"] } }));
  const { server } = samplePrograms();
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
    await workbench.sandboxes.open();
    await workbench.sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
  });

  const createElsewhere = async (app: string, gpu: string): Promise<Sandbox> => {
    const { client } = modal;
    return client.sandboxes.create(
      await client.apps.fromName(app, { createIfMissing: true }),
      client.images.fromRegistry("python:3.12-slim"),
      { gpu, cpu: 1, memoryMiB: 1024 },
    );
  };

  const onServer = async (): Promise<number> => {
    let count = 0;
    for await (const sandbox of modal.client.sandboxes.list()) if (sandbox.sandboxId) count += 1;
    return count;
  };

  step("is empty at first, and says what to do", async () => {
    assert.match(await workbench.sandboxes.welcome(), /No sandboxes are running\. Pick one or more GPUs/);
    await workbench.screenshot("modal-empty");
  });

  step("drops a sandbox whose creation is canceled", async () => {
    const { quickInput, notifications, sandboxes } = workbench;
    await workbench.runCommand("Modal: Create Sandbox…");
    await quickInput.pick("B300");
    await quickInput.row("8 × B300").waitFor();
    await quickInput.pick("B300");
    await quickInput.waitForTitle("Create Sandbox (2/3)");
    await quickInput.pick("python:3.12-slim");
    await quickInput.pick("Create");
    await notifications.waitFor(/Creating B300 sandbox.*Waiting for B300/);
    await sandboxes.row("B300").waitFor();
    await pollUntil("it is queued on the server", async () => (await onServer()) === 1);
    await workbench.screenshot("create-queued");

    await notifications.press("Creating B300 sandbox", "Cancel");
    await sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    await pollUntil("none is left on the server", async () => (await onServer()) === 0);
    await workbench.runCommand("Modal: Refresh Sandboxes");
    assert.deepEqual(await sandboxes.rows(), []);
    await notifications.waitForNone();
  });

  step("shows runs and tunnels below their sandbox", async () => {
    const { sandboxes, terminals, quickInput } = workbench;
    await workbench.editor.open(server);
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.waitForTitle(`Run ${server} · `);
    await workbench.screenshot("pick-with-prices");
    await quickInput.accept();
    await terminals.waitForText(`${server} · T4`, "Listening on port 8000");
    await sandboxes.child("T4", ":8000");
    await sandboxes.child("T4", server);
    const rows = await sandboxes.rows();
    assert.deepEqual(
      rows.map(({ level, label }) => `${level} ${label}`),
      ["1 T4", "2 :8000", "2 Meters", `2 ${server}`],
    );
    assert.match(rows[0]?.description ?? "", /^running · under 1m · \$0\.\d\d\/h$/);
    assert.match(rows[1]?.description ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(rows[3]?.description ?? "", /^running · under 1m$/);
    await workbench.movePointerAway();
    await workbench.screenshot("tree");
  });

  step("explains a tunnel and a run in their tooltips", async () => {
    const { sandboxes } = workbench;
    const tunnel = await workbench.hover(sandboxes.row(":8000"));
    assert.match(tunnel, /Reachable from this machine only/);
    const run = await workbench.hover(sandboxes.row(server));
    assert.match(run, /Runs with/);
    await workbench.screenshot("run-tooltip");
  });

  step("opens a tunnel in the browser", async () => {
    const { sandboxes } = workbench;
    const page = await workbench.newTab(() => sandboxes.inlineAction(sandboxes.row(":8000"), "Open Tunnel URL"));
    await page.locator("h1", { hasText: "Hello from a sandbox" }).waitFor();
    await page.close();
    await workbench.terminals.waitForText(`${server} · T4`, "GET /");
  });

  step("leads to a tunnel that the palette opens in an editor, or whose URL it copies", async () => {
    const { quickInput } = workbench;
    const open = async (how: string) => {
      await workbench.runCommand("Modal: Open Tunnel URL…");
      await quickInput.row(how).waitFor();
      await workbench.screenshot("open-tunnel");
      await quickInput.pick(how);
    };
    const page = await workbench.newTab(() => open("Open in the browser"));
    await page.locator("h1", { hasText: "Hello from a sandbox" }).waitFor();
    await page.close();

    await open("Copy the URL");
    await workbench.waitForClipboard(/^http:\/\/127\.0\.0\.1:\d+$/);

    await open("Open in the Simple Browser");
    const heading = workbench.simpleBrowser().locator("h1");
    assert.equal(await heading.innerText(), "Hello from a sandbox");
    await workbench.screenshot("simple-browser");
  });

  step("offers the actions of a sandbox in its context menu", async () => {
    const { sandboxes } = workbench;
    const expected = [
      "Run Current File in Sandbox",
      "Open Shell in Sandbox",
      "Open Tunnel URL…",
      "Sync Folder to Sandbox",
      "Copy Sandbox ID",
      "Terminate Sandbox",
    ];
    const offered = await sandboxes.contextActions(sandboxes.row("T4"));
    assert.deepEqual(
      offered.filter((action) => expected.includes(action)),
      expected,
    );
    await workbench.screenshot("context-menu");
    await workbench.page.keyboard.press("Escape");
    await sandboxes.contextAction(sandboxes.row("T4"), "Copy Sandbox ID");
    await workbench.waitForClipboard(/^sb-\w+$/);
  });

  step("shows sandboxes that were made elsewhere", async () => {
    await createElsewhere(APP, "L4");
    await workbench.sandboxes.row("L4").waitFor({ timeout: 10_000 });
    await workbench.movePointerAway();
    await workbench.screenshot("tree-of-two");
  });

  step("shows a sandbox of another app that was attached by its id", async () => {
    const { quickInput, sandboxes } = workbench;
    const { sandboxId } = await createElsewhere("another-app", "A100-80GB");
    await workbench.runCommand("Modal: Attach to Sandbox…");
    await quickInput.row("Enter an ID or a name…").waitFor();
    await workbench.screenshot("attach");
    await quickInput.pick("Enter an ID or a name…");
    await quickInput.waitForMessage("The sandbox's ID");
    await quickInput.fill(sandboxId);
    await quickInput.accept();
    await pollUntil("it is in the tree", async () => (await sandboxes.rows()).filter(isSandbox).length === 3);
    await workbench.screenshot("attached");
  });

  step("asks before it cuts off a running program", async () => {
    const { dialog, sandboxes } = workbench;
    await sandboxes.inlineAction(sandboxes.row("T4"), "Terminate Sandbox");
    await pollUntil("VS Code asks", () => dialog.isOpen());
    assert.match(await dialog.text(), new RegExp(`^Terminate the T4 sandbox\\?\\s+Still running: ${server}\\.`));
    await workbench.screenshot("terminate-one");
    await dialog.press("Cancel");
    await sandboxes.row("T4").waitFor();

    await sandboxes.inlineAction(sandboxes.row("T4"), "Terminate Sandbox");
    await pollUntil("VS Code asks", () => dialog.isOpen());
    await dialog.press("Terminate");
    await sandboxes.row("T4").waitFor({ state: "detached" });
    await workbench.terminals.waitForText(`${server} · T4`, /^You terminated the sandbox/m);
    await workbench.screenshot("terminated-in-mid-run");
  });

  step("terminates all sandboxes with one action", async () => {
    const { dialog, sandboxes } = workbench;
    await workbench.runCommand("Modal: Terminate All Sandboxes…");
    await pollUntil("VS Code asks", () => dialog.isOpen());
    assert.match(await dialog.text(), /^Terminate 2 sandboxes\?/);
    await workbench.screenshot("terminate-all");
    await dialog.press("Terminate");
    await sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    await pollUntil("none is left on the server", async () => (await onServer()) === 0);
  });
});

const isSandbox = ({ level }: { readonly level: number }) => level === 1;

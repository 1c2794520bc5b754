import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { samplePrograms } from "../support/sampleFolder";
import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

/** Prints what a busy T4 would. */
const NVIDIA_SMI = '#!/bin/sh\necho "0, 87, 12595, 15360, 61, 48.12"\n';

const FAILS = `from lib import helper

helper.check({})
`;

const HELPER = `def check(values):
    # The line that fails is the next but one.
    if not values:
        raise ValueError("no größe")
`;

describe("a run that the user watches", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.gpus": ["T4"],
      "modalSandboxes.ports": [8000],
      "modalSandboxes.env": { PATH: "/workspace/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  });
  const { server } = samplePrograms();
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    const write = (path: string, text: string, mode = 0o644) => writeFile(join(vscode.folder, path), text, { mode });
    for (const folder of ["tools", "lib"]) await mkdir(join(vscode.folder, folder), { recursive: true });
    await write("tools/nvidia-smi", NVIDIA_SMI, 0o755);
    await write("waits.sh", "echo ready\nread -r _\n");
    await write("fails.py", FAILS);
    await write("lib/helper.py", HELPER);
    await write("undeclared.sh", "echo listening on port 9999\n");
    workbench = await vscode.open();
  });

  it("shows its sandbox's meters in the status bar and below its row", async () => {
    const { terminals, sandboxes } = workbench;
    await workbench.runFile("waits.sh");
    await terminals.waitForText("waits.sh · T4", /^ready$/m);
    await workbench.statusBarItem(/GPU 87 % · 12\.3\/15 GiB/).waitFor({ timeout: 20_000 });

    await sandboxes.open();
    await sandboxes.expand("T4");
    await sandboxes.expand("Meters");
    await sandboxes.row("Network").waitFor();
    const described = async (label: string) =>
      (await sandboxes.rows()).find((row) => row.label === label)?.description ?? "";
    assert.equal(await described("GPU 0"), "87 % · 12.3/15 GiB · 61 °C · 48 W");
    assert.match(await described("CPU"), /^\d+\.\d cores?$/);
    assert.match(await described("Memory"), /^[\d.]+\/[\d.]+ GiB$/);
    assert.match(await described("Network"), /^↓ .+\/s · ↑ .+\/s$/);
    await workbench.movePointerAway();
    await workbench.screenshot("meters");

    await terminals.type("waits.sh · T4", "\n");
    await terminals.waitForText("waits.sh · T4", /exit code 0/);
    await workbench.statusBarItem(/GPU 87 %/).waitFor({ state: "detached" });
  });

  step("links a traceback to the line of the local file, and lists it among the problems", async () => {
    const { terminals, page, editor } = workbench;
    await workbench.runFile("fails.py");
    await terminals.waitForText("fails.py · T4", /ValueError: no größe\n✗ exit code 1/);
    const line = page.locator(".terminal-wrapper.active .xterm-rows > div", { hasText: "helper.py" }).first();
    await pollUntil("the link opens the file", async () => {
      const box = await line.boundingBox();
      if (!box) return false;
      await page.keyboard.down("Control");
      try {
        // On the path, which the terminal makes a link when the pointer gets there.
        await page.mouse.move(box.x + 60, box.y + box.height / 2);
        await page.mouse.move(box.x + 120, box.y + box.height / 2);
        await page.locator(".terminal-wrapper.active .xterm-cursor-pointer").waitFor({ timeout: 2_000 });
        await page.mouse.click(box.x + 120, box.y + box.height / 2);
      } finally {
        await page.keyboard.up("Control");
      }
      return pollUntil("helper.py is open", async () => (await editor.tabs()).includes("helper.py"), 3_000);
    });
    await workbench.statusBarItem(/Ln 4, Col 1/).waitFor();
    await page.locator(".terminal-wrapper.active .terminal-command-decoration.error").waitFor();
    await workbench.screenshot("traceback-link");

    await workbench.runCommand("Problems: Focus on Problems View");
    const problem = page.locator(".markers-panel .monaco-list-row", { hasText: "ValueError: no größe" });
    await problem.first().waitFor();
    assert.match(await problem.first().innerText(), /fails\.py.*Ln 4/s);
    await workbench.screenshot("traceback-problem");
  });

  step("lists no problem once the program succeeds", async () => {
    const { page, sandboxes } = workbench;
    await sandboxes.open();
    await writeFile(join(vscode.folder, "fails.py"), "print('well')\n");
    await workbench.runCommand("Modal: Run Last File Again");
    await pollUntil("it runs well", async () =>
      (await sandboxes.rows()).some(({ label, description }) => label === "fails.py" && description.startsWith("done")),
    );
    await workbench.runCommand("Problems: Focus on Problems View");
    await page.locator(".markers-panel", { hasText: "No problems have been detected" }).waitFor();
  });

  it("offers the tunnel of a port that it serves, and names the setting that opens another", async () => {
    const { terminals, notifications } = workbench;
    await workbench.runFile(server);
    await terminals.waitForText(`${server} · T4`, "Listening on port 8000");
    await notifications.waitFor(/serves port 8000, open on this machine: http:\/\/127\.0\.0\.1:\d+/);
    await workbench.screenshot("port-offer");
    const opened = await workbench.newTab(() => notifications.press(/serves port 8000/, "Open in Browser"));
    await opened.locator("h1", { hasText: "Hello from a sandbox" }).waitFor();

    await workbench.runFile("undeclared.sh");
    await terminals.waitForText(
      "undeclared.sh · T4",
      /Port 9999 is not reachable from outside the sandbox\..*"modalSandboxes\.ports"/,
    );
  });
});

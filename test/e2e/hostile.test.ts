import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, before, describe, it } from "mocha";

import { pollUntil } from "./workbench/locators";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

/** A link that opens a terminal, an icon, and a mark that turns the text around. */
const NAME = "[click](command:workbench.action.terminal.new) $(trash) \u202etxt.bin";

const programs: Readonly<Record<string, string>> = {
  "names.sh": `head -c 3000000 /dev/zero >'${NAME}'\n`,
  "asks.sh": String.raw`printf 'start\033[c\033[>c\033[6n\033[?25$p\033]11;?\033\\\033]52;c;?\007end\n'
read -r line
echo "got:[$line]"
`,
  "links.sh": String.raw`printf '\033]8;;https://example.com/\007web page\033]8;;\007\n'
printf '\033]8;;command:workbench.action.terminal.new\007command\033]8;;\007\n'
printf '\033]8;;file:///etc/passwd\007'; sleep 0.2; printf 'file\033]8'; sleep 0.2; printf ';;\007\n'
`,
  "serves.sh": "echo 'Serving at http://localhost:8000//evil.example/'; sleep 3\n",
};

describe("the output of a sandbox", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.gpus": ["T4"],
      "modalSandboxes.ports": [8000],
      "modalSandboxes.sync.pullLimitMB": 1,
    },
  });
  let workbench: Workbench;
  before(async () => {
    for (const [name, text] of Object.entries(programs)) await writeFile(join(vscode.folder, name), text);
    workbench = await vscode.open();
  });
  afterEach(async () => {
    const { terminals } = workbench;
    if ((await terminals.names()).length > 0) await workbench.runCommand("Terminal: Kill All Terminals");
    await pollUntil("no terminal is left", async () => (await terminals.names()).length === 0);
  });

  it("makes the terminal send nothing to the program's input", async () => {
    const { terminals, page } = workbench;
    await page.evaluate("navigator.clipboard.writeText('secret of the clipboard')");
    await workbench.runFile("asks.sh");
    await terminals.waitForText("asks.sh · T4", /^startend$/m);
    await terminals.type("asks.sh · T4", "typed\n");
    const text = await terminals.waitForText("asks.sh · T4", /got:\[.*\]/);
    assert.match(text, /^got:\[typed\]$/m);
  });

  it("becomes a link in a terminal only if it leads to the web", async () => {
    const { terminals, page } = workbench;
    await workbench.runFile("links.sh");
    await terminals.waitForText("links.sh · T4", /^web page\ncommand\nfile\n✓ exit code 0/m);
    const linked = page.locator(".terminal-wrapper.active .xterm-rows .xterm-underline-5");
    await linked.first().waitFor();
    await workbench.screenshot("hostile-links");
    const texts = await linked.allInnerTexts();
    assert.deepEqual(
      texts.map((text) => text.replaceAll("\u00a0", " ")),
      ["web page"],
    );
  });

  it("opens no place other than the tunnel", async () => {
    const { notifications, terminals } = workbench;
    await workbench.runFile("serves.sh");
    await notifications.press(/serves port 8000/, "Copy URL");
    await workbench.waitForClipboard(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await terminals.waitForText("serves.sh · T4", /exit code 0/);
  });

  it("is plain text in a notification, where only the buttons can be clicked", async () => {
    const { notifications, terminals } = workbench;
    await workbench.runFile("names.sh");
    const toast = await notifications.waitFor(/The run wrote 3\.0 MB/, 30_000);
    const message = toast.locator(".notification-list-item-message");
    const text = (await message.innerText()).replaceAll("\u200b", "");
    await workbench.screenshot("hostile-name");
    assert.ok(text.includes("[click](command:workbench.action.terminal.new) $(trash) ⟨U+202E⟩txt.bin 3.0 MB."), text);
    assert.equal(await toast.locator("a:not(.monaco-button):not(.action-label)").count(), 0, "no link");
    assert.deepEqual(await notifications.buttons(/The run wrote/), ["Pull All", "Only Up to 1.0 MB"]);

    await message.click({ position: { x: 10, y: 8 } });
    await notifications.press(/The run wrote/, "Only Up to 1.0 MB");
    await terminals.waitForText("names.sh · T4", /exit code 0/);
    assert.deepEqual(await terminals.names(), ["names.sh · T4"], "no terminal was opened by a click");
  });
});

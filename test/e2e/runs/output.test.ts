import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

/** 80 bytes a line. */
const LINES = 1_250_000;
const MEGABYTES = (LINES * 80) / 1e6;

describe("a hundred megabytes of output", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local", "modalSandboxes.gpus": ["T4"] } });
  let workbench: Workbench;
  before(async () => {
    const line = `%08.0f ${"0123456789".repeat(7)}`;
    await writeFile(join(vscode.folder, "big.sh"), `echo ready\nread -r go\nseq -f '${line}' 1 ${LINES}\n`);
    const asks = `seq -f '${line}' 1 40000\necho "your turn"\nread -r answer\nprintf '%s' "$answer" | od -c\n`;
    await writeFile(join(vscode.folder, "asks.sh"), asks);
    workbench = await vscode.open();
  });

  const run = async (file: string) => {
    await workbench.runFile(file);
    return `${file} · T4`;
  };

  it("arrive complete while the window stays responsive", async () => {
    const { terminals, quickInput } = workbench;
    const name = await run("big.sh");
    await terminals.waitForText(name, /^ready$/m);
    await terminals.type(name, "\n");
    const started = performance.now();

    const opened = performance.now();
    await quickInput.openPalette();
    const paletteMs = performance.now() - opened;
    await quickInput.dismiss();
    assert.doesNotMatch(await terminals.text(name), /exit code/, "the palette opened while output came");

    const text = await terminals.waitForText(name, /exit code \d/, 90_000);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `      ${MEGABYTES} MB in ${seconds.toFixed(1)} s, ${(MEGABYTES / seconds).toFixed(1)} MB/s; ` +
        `the palette opened after ${paletteMs.toFixed(0)} ms`,
    );
    assert.ok(paletteMs < 3000, `the palette took ${paletteMs.toFixed(0)} ms`);

    const lines = text.split("\n");
    assert.match(lines.at(-1) ?? "", /^✓ exit code 0/);
    const numbers = lines.slice(0, -1).map((line) => Number(/^(\d{8}) (?:0123456789){7}$/.exec(line)?.[1]));
    assert.ok(numbers.length > 900, "the scrollback is full");
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => LINES - numbers.length + 1 + index),
      "every line that can be scrolled to is whole and in its place",
    );
  });

  it("leave no trace of their pacing in the program's input or on the screen", async () => {
    const { terminals } = workbench;
    const name = await run("asks.sh");
    await terminals.waitForText(name, "your turn");
    await terminals.type(name, "ok\n");
    const text = await terminals.waitForText(name, /exit code 0/);
    assert.match(text, /your turn\nok\n0000000 +o +k\n0000002\n✓ exit code 0/);
    assert.doesNotMatch(text, /\[[05]n/);
  });
});

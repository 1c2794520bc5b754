import assert from "node:assert/strict";
import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, describe, it } from "mocha";
import type { Page } from "playwright-core";

import { skip } from "../support/skip";
import { testEnvironment } from "./support/environment";
import { Film } from "./support/film";
import { samplePrograms } from "./support/sampleFolder";
import { useVsCode } from "./support/vsCodeSuite";
import { ComparisonView } from "./workbench/comparison";
import { showPointer } from "./workbench/pointer";
import type { Workbench } from "./workbench/workbench";

const MAX_BYTES = 4_000_000;
const GPUS = ["T4", "L4"];

const TRAIN = `"""Trains a small language model and reports how fast it goes."""

import os
import time

from model import Model

STEPS = 18
gpu = os.environ["MODAL_SANDBOXES_GPU"]
model = Model(layers=6, heads=8)

print(f"Training {model} on {gpu}", flush=True)
for step in range(1, STEPS + 1):
    started = time.monotonic()
    loss, tokens = model.train_step()
    speed = tokens / (time.monotonic() - started)
    print(f"step {step:2}  metric: loss={loss:.3f} tokens/s={speed:.0f}", flush=True)
`;

/** Only pretends to train: the pictures are taken on the local backend, without a GPU. */
const MODEL = `import os
import random
import time


class Model:
    def __init__(self, layers, heads):
        self.layers, self.heads, self.steps = layers, heads, 0

    def __str__(self):
        return f"a model of {self.layers} layers"

    def train_step(self):
        self.steps += 1
        pace = {"T4": 0.6, "L4": 0.38}[os.environ["MODAL_SANDBOXES_GPU"]]
        time.sleep(pace * random.uniform(0.97, 1.03))
        return 1.3 + 2.1 / self.steps**0.7 * random.uniform(0.98, 1.02), 16 * 1024
`;

const NVIDIA_SMI = `#!/bin/sh
noise=$(od -An -N1 -tu1 /dev/urandom)
echo "0, $((78 + noise / 16)), $((9000 + noise)), 15360, 61, 58.12"
`;

describe("the README's pictures", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.ports": [8000],
      "modalSandboxes.env": { PATH: "/workspace/.tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      "breadcrumbs.enabled": false,
      "editor.minimap.enabled": false,
      "terminal.integrated.fontSize": 12,
      "workbench.editor.doubleClickTabToToggleEditorGroupSizes": "maximize",
      "workbench.layoutControl.enabled": false,
    },
  });
  before(function () {
    if (!samplePrograms().train.endsWith(".py")) skip(this, "needs python3");
  });

  it("are an animation of two GPUs being picked, their live output and the comparison, and the comparison alone", async () => {
    const workbench = await vscode.open(await projectFolder(18));
    const { editor, quickInput, sandboxes, page } = workbench;
    const comparison = new ComparisonView(page);
    const film = new Film(page);
    await sandboxes.open();
    await sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    await widenSideBar(page, 40);
    await editor.open("train.py");
    await showPointer(page);
    await page.mouse.move(760, 560);
    await film.show(1_800);

    const rocket = editor.titleAction("Run Current File on GPU…");
    await workbench.hover(rocket);
    await film.show(1_400);
    await rocket.click();
    await quickInput.waitForTitle(/^Run .* · /);
    await quickInput.tickOnly([]);
    await film.show(1_200);
    for (const gpu of GPUS) {
      await quickInput.toggle(gpu);
      await film.show(900);
    }
    await quickInput.accept();
    await arrange(workbench);
    await page.mouse.move(200, 560);
    await film.showUntil(comparison.waitForNote(/^2 runs · 2 done$/), 400);
    await film.show(1_500);

    const hidePanel = page.locator('.panel .action-label[aria-label^="Hide Panel"]');
    await hidePanel.hover();
    await film.show(900);
    await hidePanel.click();
    await comparison.tab.dblclick();
    await page.keyboard.press("ControlOrMeta+b");
    await page.locator(".part.sidebar").waitFor({ state: "hidden" });
    await page.mouse.move(760, 700);
    await film.show(5_000);
    // Wide enough for the whole table.
    await page.setViewportSize({ width: 1440, height: 800 });
    await page.mouse.move(1_439, 1);
    await page.screenshot({ path: await pathFor("comparison.png"), clip: await comparison.contentBox() });

    await film.save(await pathFor("demo.webp"));
    await assertGood("comparison.png");
    await assertGood("demo.webp");
    assert.ok(film.frameCount > 8, `${film.frameCount} frames`);
    assert.ok(film.durationMs > 10_000 && film.durationMs < 30_000, `${film.durationMs} ms`);
  });

  it("are the view of sandboxes next to the live output of two runs", async () => {
    const folder = await projectFolder(60, { "modalSandboxes.runs.openComparison": "never" });
    const workbench = await vscode.open(folder);
    const { editor, quickInput, sandboxes, page } = workbench;
    await sandboxes.open();
    await widenSideBar(page, 40);
    await editor.open("train.py");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.waitForTitle(/^Run .* · /);
    await quickInput.tickOnly(GPUS);
    await quickInput.accept();
    await arrange(workbench);
    await sandboxes.expand("Meters");
    await sandboxes.row("Network").waitFor();
    await page
      .locator(".terminal-wrapper .xterm-rows", { hasText: /step\s+(?:[5-9]|\d\d)\s/ })
      .nth(1)
      .waitFor({ timeout: 30_000 });
    await workbench.movePointerAway();
    await page.screenshot({ path: await pathFor("run.png") });
    await assertGood("run.png");
  });

  async function projectFolder(steps: number, settings: object = {}): Promise<string> {
    const folder = join(vscode.server.home, `${steps}-steps`, "tiny-model");
    const write = async (path: string, text: string, mode = 0o644) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { mode });
    };
    await write("train.py", TRAIN.replace("STEPS = 18", `STEPS = ${steps}`));
    await write("model.py", MODEL);
    await write(".tools/nvidia-smi", NVIDIA_SMI, 0o755);
    await write(".vscode/settings.json", JSON.stringify(settings));
    return folder;
  }
});

/** Shows both terminals and what is below both sandboxes. */
async function arrange({ terminals, sandboxes, editor }: Workbench): Promise<void> {
  await terminals.join(GPUS.map((gpu) => `train.py · ${gpu}`));
  await terminals.widenTabs(25);
  for (const gpu of GPUS) await sandboxes.expand(gpu);
  await editor.clickLine(1);
  await terminals.waitForNoSizeLabel();
}

async function widenSideBar(page: Page, pixels: number): Promise<void> {
  const bar = await page.locator(".part.sidebar").boundingBox();
  if (!bar) throw new Error("The side bar is closed.");
  const [x, y] = [bar.x + bar.width + 1, bar.y + 250];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + pixels, y, { steps: 5 });
  await page.mouse.up();
}

async function pathFor(name: string): Promise<string> {
  const out = join(testEnvironment().root, "out", "readme");
  await mkdir(out, { recursive: true });
  return join(out, name);
}

/** With `UPDATE_PICTURES=1` it becomes the README's. */
async function assertGood(name: string): Promise<void> {
  const path = await pathFor(name);
  const { size } = await stat(path);
  assert.ok(size > 10_000 && size < MAX_BYTES, `${name} has ${size} bytes`);
  if (process.env.UPDATE_PICTURES) await copyFile(path, join(testEnvironment().root, "media", "readme", name));
}

import type { Workbench } from "./workbench";

/** Begins a sweep and types its argument sets. */
export async function typeSets(workbench: Workbench, file: string, sets: readonly string[]): Promise<void> {
  const { quickInput, page } = workbench;
  await workbench.editor.open(file);
  await workbench.runCommand("Modal: Sweep Current File…");
  await quickInput.waitForTitle(`Sweep ${file}`);
  for (const set of sets) {
    await quickInput.fill(set);
    await quickInput.row(/Add/).waitFor();
    await page.keyboard.press("Enter");
    await quickInput.row(set).waitFor();
  }
}

/** Goes on with the argument sets, on a T4 each. */
export async function answerSweep({ quickInput, page }: Workbench, parallel: string, dollars: string): Promise<void> {
  await quickInput.row(/Continue/).click();
  await quickInput.row("T4").click();
  await quickInput.row("2 × T4").waitFor();
  await quickInput.row("T4").click();
  await quickInput.waitForMessage(/^Sandboxes at once/);
  await quickInput.fill(parallel);
  await page.keyboard.press("Enter");
  await quickInput.waitForMessage(/^US dollars after which/);
  await quickInput.fill(dollars);
  await page.keyboard.press("Enter");
}

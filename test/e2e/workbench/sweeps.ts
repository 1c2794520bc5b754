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

interface SweepAnswers {
  readonly gpu?: string;
  readonly parallel: string;
  readonly dollars?: string;
}

/** Answers the questions that follow the argument sets. */
export async function answerSweep(
  { quickInput, page }: Workbench,
  { gpu = "T4", parallel, dollars = "" }: SweepAnswers,
): Promise<void> {
  await quickInput.enter(/Continue/);
  await quickInput.pick(gpu);
  await quickInput.row(`2 × ${gpu}`).waitFor();
  await quickInput.pick(gpu);
  await quickInput.waitForMessage(/^How many sandboxes may run at the same time\?/);
  await quickInput.fill(parallel);
  await page.keyboard.press("Enter");
  await quickInput.waitForMessage(/^Start no more sets after/);
  await quickInput.fill(dollars);
  await page.keyboard.press("Enter");
}

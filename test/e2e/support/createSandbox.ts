import { pollUntil } from "../workbench/locators";
import type { Workbench } from "../workbench/workbench";

/** A sandbox with a T4 that runs, made as a person makes it; the view is open then. */
export async function createSandbox(workbench: Workbench): Promise<void> {
  await workbench.runCommand("Modal: Create Sandbox…");
  await workbench.quickInput.pick("T4");
  await workbench.quickInput.row("8 × T4").waitFor();
  await workbench.quickInput.pick("T4");
  await workbench.quickInput.waitForTitle("Create Sandbox (2/3)");
  await workbench.quickInput.pick("python:3.12-slim");
  await workbench.quickInput.enter("Create");
  await workbench.sandboxes.open();
  await pollUntil("the sandbox runs", async () =>
    (await workbench.sandboxes.rows()).some(({ description }) => description.startsWith("running")),
  );
}

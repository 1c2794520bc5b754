import { launchBrowser } from "./support/browser";
import { testEnvironment } from "./support/environment";
import { copySampleFolder, samplePrograms } from "./support/sampleFolder";
import { VsCodeServer } from "./support/vsCodeServer";
import { Workbench } from "./workbench/workbench";

const RUN = "Modal: Run Current File on GPU…";

/** The main job, done as a person would: run a file on two GPUs at the same time, then open the page of a server inside one. */
async function demo(workbench: Workbench): Promise<void> {
  const { terminals, quickInput, editor, sandboxes } = workbench;
  const { train, server } = samplePrograms();

  step("Trusting the folder: VS Code opens every new one restricted");
  await workbench.trustFolder();
  await sandboxes.open();

  step(`Running ${train} on a T4 and an L4`);
  await editor.open(train);
  await workbench.runCommand(RUN);
  await quickInput.tickOnly(["T4", "L4"]);
  await picture(workbench, "1-pick-gpus");
  await quickInput.accept();
  await terminals.waitForText(`${train} · L4`, "epoch 1/5", 60_000);
  await terminals.widenTabs(60);
  await terminals.waitForText(`${train} · L4`, "epoch 4/5");
  await picture(workbench, "2-run-live");
  for (const gpu of ["T4", "L4"]) {
    const text = await terminals.waitForText(`${train} · ${gpu}`, /exit code \d+/, 60_000);
    console.log(`\n┌ ${train} · ${gpu}\n${text.replace(/^/gm, "│ ")}\n└`);
    if (!text.includes("exit code 0")) throw new Error(`${train} failed on ${gpu}.`);
  }
  await picture(workbench, "3-run-on-two-gpus");

  step(`Running ${server} on the same T4 and opening its tunnel`);
  await editor.open(server);
  await workbench.runCommand(RUN);
  await quickInput.tickOnly(["T4"]);
  await quickInput.accept();
  await terminals.waitForText(`${server} · T4`, "Listening on port 8000", 60_000);
  const tunnel = await sandboxes.child("T4", ":8000");
  const page = await workbench.newTab(() => sandboxes.inlineAction(tunnel, "Open Tunnel URL"));
  const heading = page.locator("h1");
  console.log(`The tunnel's page at ${page.url()} says: ${await heading.innerText({ timeout: 10_000 })}`);
  await picture(workbench, "4-tunnel");
}

async function main(): Promise<void> {
  const browser = await launchBrowser();
  const server = await VsCodeServer.start({
    extensions: [testEnvironment().vsix],
    settings: {
      "security.workspace.trust.enabled": true,
      "modalSandboxes.backend": "local",
      "modalSandboxes.ports": [8000],
    },
  });
  try {
    const workbench = await Workbench.open(browser, server, await copySampleFolder(server.home));
    try {
      await demo(workbench);
    } catch (error) {
      await picture(workbench, "failure");
      throw error;
    } finally {
      await workbench.close();
    }
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function picture(workbench: Workbench, name: string): Promise<void> {
  await workbench.movePointerAway();
  console.log(`  saved ${await workbench.screenshot(name, "demo")}`);
}

function step(text: string): void {
  console.log(`\n${text}`);
}

// A signal alone would skip what cleans up at the exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { rm } from "node:fs/promises";
import { dirname } from "node:path";

import { testEnvironment } from "./environment";
import { copySampleFolder } from "./sampleFolder";
import { VsCodeServer } from "./vsCodeServer";

/** Leaves VS Code open for a person, with the settings that VS Code itself has. */
async function main(): Promise<void> {
  const folder = await copySampleFolder();
  const server = await VsCodeServer.start({
    extensions: [testEnvironment().vsix],
    settings: { "security.workspace.trust.enabled": true, "modalSandboxes.backend": "local" },
  });
  console.log(`VS Code is open at ${server.url(folder)}\nIts folder is ${folder}; press Ctrl+C to end it.`);

  await new Promise((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
  await server.stop();
  await rm(dirname(folder), { recursive: true, force: true });
}

void main();

import { testEnvironment } from "./support/environment";
import { copySampleFolder } from "./support/sampleFolder";
import { VsCodeServer } from "./support/vsCodeServer";

/** Leaves VS Code open for a person: in Restricted Mode at first, as they would find it. */
async function main(): Promise<void> {
  const server = await VsCodeServer.start({
    extensions: [testEnvironment().vsix],
    settings: { "security.workspace.trust.enabled": true, "modalSandboxes.backend": "local" },
  });
  const folder = await copySampleFolder(server.home);
  console.log(`VS Code is open at ${server.url(folder)}\nIts folder is ${folder}; press Ctrl+C to end it.`);

  await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  await server.stop();
}

void main();

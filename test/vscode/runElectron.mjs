import { join } from "node:path";
import { runTests } from "@vscode/test-electron";

import { build, root } from "../prepare.mjs";

/** `npm run test:electron`: the tests of this folder in a desktop VS Code, which is downloaded on first use. */
await build();
await runTests({
  extensionDevelopmentPath: root,
  extensionTestsPath: join(root, "out", "test", "vscode", "index.js"),
  launchArgs: [join(root, "test", "fixtures", "sample")],
  ...(process.env.VSCODE_VERSION ? { version: process.env.VSCODE_VERSION } : {}),
});

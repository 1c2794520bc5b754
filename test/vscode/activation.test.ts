import assert from "node:assert/strict";
import { Session } from "node:inspector/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "mocha";

import { eventually } from "../backend/support/processes";
import { localBackends, ourExtension } from "./extension";

describe("activation", () => {
  it("comes with the window, for earlier ones may have left something running", async () => {
    assert.ok(await eventually(() => Promise.resolve(ourExtension().isActive)));
  });

  it("loads no SDK and starts no process", async () => {
    await ourExtension().activate();
    const loaded = await loadedFiles();
    assert.ok(loaded.includes("extension.mjs"), loaded.join());
    assert.deepEqual(
      loaded.filter((name) => /^(sdk|later|watching)-/.test(name)),
      [],
    );
    assert.deepEqual(await localBackends(), []);
  });
});

/** The names of the extension's own files that this process has loaded. */
async function loadedFiles(): Promise<string[]> {
  const dist = join(ourExtension().extensionPath, "dist");
  const loaded: string[] = [];
  const session = new Session();
  session.connect();
  // Enabling the debugger reports every script that was parsed before.
  session.on("Debugger.scriptParsed", ({ params: { url } }) => {
    if (!url.startsWith("file:")) return;
    const path = fileURLToPath(url);
    if (dirname(path) === dist) loaded.push(basename(path));
  });
  await session.post("Debugger.enable");
  session.disconnect();
  return loaded;
}

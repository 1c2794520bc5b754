import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "mocha";
import { tasks } from "vscode";

import { eventually } from "../backend/support/processes";
import { localBackends, ourExtension } from "./extension";

describe("activation", () => {
  it("happens when the window opens, because an earlier window may have left something running", async () => {
    assert.ok(await eventually(() => Promise.resolve(ourExtension().isActive)));
  });

  it("loads at most 140 KB of code, and starts no process", async () => {
    await ourExtension().activate();
    const loaded = await loadedFiles();
    assert.ok(loaded.some((path) => basename(path) === "extension.mjs"));
    const sizes = await Promise.all(loaded.map(async (path) => (await stat(path)).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= 140_000, `${bytes} bytes in ${loaded.map((path) => basename(path)).join()}`);
    assert.deepEqual(await localBackends(), []);
  });

  it("loads the rest when VS Code asks for tasks", async () => {
    await tasks.fetchTasks({ type: "modal" });

    assert.ok((await loadedFiles()).some((path) => basename(path).startsWith("window-")));
  });
});

/** The extension's own files that this process has loaded. */
async function loadedFiles(): Promise<string[]> {
  const dist = join(ourExtension().extensionPath, "dist");
  const loaded: string[] = [];
  const session = new Session();
  session.connect();
  // Enabling the debugger reports every script that was parsed before.
  session.on("Debugger.scriptParsed", ({ params: { url } }) => {
    if (!url.startsWith("file:")) return;
    const path = fileURLToPath(url);
    if (dirname(path) === dist) loaded.push(path);
  });
  await session.post("Debugger.enable");
  session.disconnect();
  return loaded;
}

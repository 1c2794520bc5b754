import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { commands, languages, window, workspace } from "vscode";

import { DisposableStore } from "../../src/base/disposable";
import { watchActiveFile } from "../../src/ui/runs/runnableEditor";

describe("the context key for files that can run", () => {
  const reported: boolean[] = [];
  const waiting: (() => void)[] = [];
  const own = new DisposableStore();
  before(async () => {
    await commands.executeCommand("workbench.action.closeAllEditors");
    own.add(
      watchActiveFile((isRunnable) => {
        reported.push(isRunnable);
        waiting.shift()?.();
      }),
    );
  });
  after(() => own.dispose());

  /** Does something and waits until the key changes. */
  const changeBy = async (act: () => PromiseLike<unknown>): Promise<boolean | undefined> => {
    const changed = new Promise<void>((resolve) => waiting.push(resolve));
    await act();
    await changed;
    return reported.at(-1);
  };

  it("is false while no editor is open", () => assert.deepEqual(reported, [false]));

  it("follows the active editor from file to file", async () => {
    const python = await workspace.openTextDocument({ language: "python", content: "print(1)" });
    const markdown = await workspace.openTextDocument({ language: "markdown", content: "# Title" });
    assert.equal(await changeBy(() => window.showTextDocument(python)), true);
    assert.equal(await changeBy(() => window.showTextDocument(markdown)), false);
  });

  it("follows the language that the user gives a file", async () => {
    const document = await workspace.openTextDocument({ language: "plaintext", content: "print(1)" });
    await window.showTextDocument(document);
    assert.equal(await changeBy(() => languages.setTextDocumentLanguage(document, "python")), true);
    assert.equal(await changeBy(() => languages.setTextDocumentLanguage(document, "plaintext")), false);
  });

  it("uses the #! line of a file whose name and language say nothing", async () => {
    const document = await workspace.openTextDocument({ language: "plaintext", content: "#!/usr/bin/env python3\n" });
    assert.equal(await changeBy(() => window.showTextDocument(document)), true);
  });
});

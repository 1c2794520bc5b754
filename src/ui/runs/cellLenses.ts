import { CodeLens, languages, Range, workspace, type TextDocument } from "vscode";
import type { Disposable } from "../../base/disposable";
import { cellsOf } from "../../run/target/cells";
import { showsCellLenses } from "../settings";

/** Shows "Run Cell on GPU" above each `# %%` cell. */
export const registerCellLenses = (): Disposable =>
  languages.registerCodeLensProvider({ language: "python" }, { provideCodeLenses: lensesOf });

function lensesOf(document: TextDocument): CodeLens[] {
  if (!workspace.isTrusted || !showsCellLenses()) return [];
  const cells = cellsOf(document.getText()).filter(({ isText }) => !isText);
  return cells.flatMap(({ startLine }, index) => {
    const range = new Range(startLine, 0, startLine, 0);
    const lens = (title: string, command: string) =>
      new CodeLens(range, { title, command, arguments: [document.uri, startLine] });
    const one = lens("Run Cell on GPU", "modalSandboxes.runCell");
    return index === 0 ? [one] : [one, lens("Run Cells to Here on GPU", "modalSandboxes.runCellsToHere")];
  });
}

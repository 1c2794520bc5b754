import { isOrphan } from "../../../sandboxes/sandbox";
import type { SandboxNode } from "../nodes";
import type { Row, RowContext } from "../rows/row";
import { rowContext, type RowSources } from "../rows/rowContext";
import { sandboxDetails, sandboxRow } from "../rows/sandboxRow";
import type { SandboxSource } from "../treeSources";
import type { Section } from "./section";

export const orphanSection = (sandboxes: SandboxSource, sources: RowSources): Section<SandboxNode> => ({
  view: "modalSandboxes.orphans",
  listedKey: "modalSandboxes.orphansListed",
  load: () => Promise.resolve(sandboxes.all.filter(isOrphan).map(({ key }) => ({ kind: "sandbox" as const, key }))),
  onDidChange: sandboxes.onDidChangeSandboxes,
  idOf: ({ key }) => key,
  rowOf: ({ key }) => orphanRow(sandboxes, key, rowContext(sources)),
  detailsOf: ({ key }) => {
    const sandbox = sandboxes.get(key);
    return sandbox ? sandboxDetails(sandbox, rowContext(sources)) : [];
  },
});

function orphanRow(sandboxes: SandboxSource, key: string, context: RowContext): Row {
  const sandbox = sandboxes.get(key);
  if (!sandbox)
    return { label: "Gone", description: "", icon: { id: "circle-slash" }, contextValue: "", spoken: "Gone" };
  const row = sandboxRow(sandbox, context);
  return {
    ...row,
    icon: { id: "debug-disconnect", color: "charts.yellow" },
    contextValue: `${row.contextValue} orphan`,
    spoken: `${row.spoken}, no window holds it`,
  };
}

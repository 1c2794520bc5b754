import type { CommandTable } from "../commands/register";

/** A view whose list is fetched as a whole. */
interface Refreshable {
  readonly isVisible: boolean;
  refresh(): void;
}

export function sectionCommands(views: readonly Refreshable[]): CommandTable {
  return {
    "modalSandboxes.refreshSections": () => {
      for (const view of views) if (view.isVisible) view.refresh();
    },
  };
}

import type { Row } from "./row";

export const problemRow = (problem = "Unknown reason"): Row => ({
  label: "Refresh failed",
  description: problem,
  icon: { id: "warning", color: "list.warningForeground" },
  contextValue: "problem",
  spoken: `Refresh failed: ${problem} Activate to try again.`,
});

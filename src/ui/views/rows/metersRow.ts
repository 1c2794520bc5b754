import type { Row } from "./row";

/** The row above the meters of a sandbox. */
export const metersRow = (summary: string): Row => ({
  label: "Meters",
  description: summary,
  icon: { id: "pulse" },
  contextValue: "meters",
  spoken: summary === "" ? "Meters, expand to measure" : `Meters, ${summary.replaceAll(" · ", ", ")}`,
});

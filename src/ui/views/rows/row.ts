import type { Rates } from "../../../modal/rates";
import type { Use } from "../../../sandboxes/metrics/activity";
import type { Spent } from "../../../sandboxes/costs/costMeter";
import type { RunningSandbox } from "../../../sandboxes/sandbox";

/** The contents of one row of the tree, independent of VS Code. */
export interface Row {
  readonly label: string;
  readonly description: string;
  readonly icon: RowIcon;
  /** Flags for the `when` clauses of menus, separated by spaces. */
  readonly contextValue: string;
  /** The row as a screen reader reads it. */
  readonly spoken: string;
}

export interface RowIcon {
  /** The id of a codicon. */
  readonly id: string;
  /** The id of a theme color. */
  readonly color?: string;
}

/** The state that rows show besides the thing itself. */
export interface RowContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** True on the local backend, where nothing is billed. */
  readonly isLocal: boolean;
  readonly rates: Rates;
  /** `undefined` if this window cannot know. */
  readonly useOf: (sandbox: RunningSandbox) => Use | undefined;
  readonly spentOn: (sandbox: RunningSandbox) => Spent;
}

/** A row of a tooltip. */
export interface Detail {
  readonly name: string;
  readonly value: string;
}

export const spinner: RowIcon = { id: "loading~spin" };

/** Joins the parts that are defined. */
export const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== "").join(" · ");

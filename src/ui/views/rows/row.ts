import type { Rates } from "../../../modal/rates";
import type { Use } from "../../../sandboxes/metrics/activity";
import type { Spent } from "../../../sandboxes/costs/costMeter";
import type { RunningSandbox } from "../../../sandboxes/sandbox";

/** What one line of the tree says, without VS Code. */
export interface Row {
  readonly label: string;
  readonly description: string;
  readonly icon: RowIcon;
  /** Flags for the `when` clauses of menus, separated by spaces. */
  readonly contextValue: string;
  /** The line for a screen reader. */
  readonly spoken: string;
}

export interface RowIcon {
  /** A codicon. */
  readonly id: string;
  /** A theme colour. */
  readonly color?: string;
}

/** What a line depends on beside the thing itself. */
export interface RowContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** On the local backend, where nothing is billed. */
  readonly isLocal: boolean;
  readonly rates: Rates;
  /** `undefined` where this window cannot know. */
  readonly useOf: (sandbox: RunningSandbox) => Use | undefined;
  readonly spentOn: (sandbox: RunningSandbox) => Spent;
}

/** A line of a tooltip. */
export interface Detail {
  readonly name: string;
  readonly value: string;
}

export const spinner: RowIcon = { id: "loading~spin" };

/** The parts that there are, as one text. */
export const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== "").join(" · ");

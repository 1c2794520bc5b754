import type { Session } from "../../../auth/session";
import type { Clock } from "../../../base/ports";
import type { RateSource } from "../../../modal/rates";
import type { Activity } from "../../../sandboxes/metrics/activity";
import type { CostMeter } from "../../../sandboxes/costs/costMeter";
import type { RowContext } from "./row";

/** The services that rows of the tree get their values from. */
export interface RowSources {
  readonly session: { readonly current: Session };
  readonly clock: Clock;
  readonly rates: RateSource;
  readonly activity: Pick<Activity, "useOf">;
  readonly meter: Pick<CostMeter, "spentOn">;
}

/** The values at this moment. */
export const rowContext = ({ session, clock, rates, activity, meter }: RowSources): RowContext => ({
  now: clock.now(),
  isLocal: session.current.kind === "local",
  rates: rates.current,
  useOf: (sandbox) => activity.useOf(sandbox),
  spentOn: (sandbox) => meter.spentOn(sandbox),
});

import { listRates } from "../../../src/modal/rates";
import { costOf } from "../../../src/sandboxes/costs/cost";
import type { RowContext } from "../../../src/ui/views/rows/row";

/** The context of rows if Modal reports nothing and nothing is in use. */
export const rowContextAt = (now: number, properties: Partial<RowContext> = {}): RowContext => ({
  now,
  isLocal: false,
  rates: listRates,
  useOf: () => undefined,
  spentOn: (sandbox) => ({ dollars: costOf(sandbox, now - sandbox.phase.startedAt, listRates), isEstimate: true }),
  ...properties,
});

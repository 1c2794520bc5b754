import { Lazy } from "../../base/async";
import type { CommandTable } from "./register";

/** Commands whose code is loaded when one of them is first used. */
export function loadedOnUse(ids: readonly string[], load: () => Promise<CommandTable>): CommandTable {
  const loaded = new Lazy(load);
  const run =
    (id: string) =>
    async (...args: never[]): Promise<unknown> => {
      const table = await loaded.get();
      return table[id]?.(...args);
    };
  return Object.fromEntries(ids.map((id) => [id, run(id)]));
}

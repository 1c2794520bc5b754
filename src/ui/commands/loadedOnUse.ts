import type { CommandTable } from "./register";

/** Commands whose code is loaded when one of them is first used. */
export function loadedOnUse(ids: readonly string[], load: () => Promise<CommandTable>): CommandTable {
  let loaded: Promise<CommandTable> | undefined;
  const run =
    (id: string) =>
    async (...args: never[]): Promise<unknown> => {
      loaded ??= load();
      const table = await loaded;
      return table[id]?.(...args);
    };
  return Object.fromEntries(ids.map((id) => [id, run(id)]));
}

import type { Event } from "../../../base/event";
import type { ContextKeys } from "../../contextKeys";
import type { Detail, Row } from "../rows/row";

/** What a view below the sandboxes lists: plain things with a line each, such as volumes or snapshots. */
export interface Section<T extends object> {
  /** The view's id in package.json. */
  readonly view: string;
  /** Set once the list was fetched for this session: until then nobody can say that it is empty. */
  readonly listedKey: keyof ContextKeys;
  /** Fetches everything in it: when the view is first looked at, on request and after each change. */
  readonly load: (signal: AbortSignal) => Promise<readonly T[]>;
  /** The list is another one. */
  readonly onDidChange?: Event<unknown>;
  /** The same as long as it stands for the same thing; unique in the view. */
  readonly idOf: (item: T) => string;
  readonly rowOf: (item: T) => Row;
  /** The lines of the tooltip. */
  readonly detailsOf: (item: T) => readonly Detail[];
}

import type { Event } from "../../../base/event";
import type { ContextKeys } from "../../contextKeys";
import type { Detail, Row } from "../rows/row";

/** The contents of a view below the sandboxes: items with one row each, such as volumes or snapshots. */
export interface Section<T extends object> {
  /** The view's id in package.json. */
  readonly view: string;
  /** Set once the list was fetched for this session: until then an empty list means nothing. */
  readonly listedKey: keyof ContextKeys;
  /** Fetches the whole list: when the view is first visible, on request and after each change. */
  readonly load: (signal: AbortSignal) => Promise<readonly T[]>;
  /** Fires when the list has changed. */
  readonly onDidChange?: Event<unknown>;
  /** Unique in the view, and stable for as long as the row stands for the same thing. */
  readonly idOf: (item: T) => string;
  readonly rowOf: (item: T) => Row;
  /** The rows of the tooltip. */
  readonly detailsOf: (item: T) => readonly Detail[];
}

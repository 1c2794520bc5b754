import { FsFailure } from "./failure";

export interface WatchRequest {
  readonly operation: "Watch";
  readonly path: string;
  readonly recursive: boolean;
  /** Types of events to report. Undefined means all. */
  readonly filter: readonly string[] | undefined;
  readonly timeoutSeconds: number | undefined;
}

export type FsRequest =
  | { readonly operation: "ListFiles" | "Stat" | "ReadFile" | "WriteFile"; readonly path: string }
  | { readonly operation: "MakeDirectory"; readonly path: string; readonly parents: boolean }
  | { readonly operation: "Remove"; readonly path: string; readonly recursive: boolean }
  | WatchRequest;

/** A request is an object with one key, the operation, whose value holds the parameters. */
export function parseRequest(json: string): FsRequest {
  const [operation, value] = Object.entries(asRecord(JSON.parse(json)))[0] ?? [];
  const parameters = asRecord(value);
  const { path } = parameters;
  if (typeof path !== "string") throw invalid("the path is missing");

  switch (operation) {
    case "ListFiles":
    case "Stat":
    case "ReadFile":
    case "WriteFile":
      return { operation, path };
    case "MakeDirectory":
      return { operation, path, parents: parameters.parents === true };
    case "Remove":
      return { operation, path, recursive: parameters.recursive === true };
    case "Watch":
      return {
        operation,
        path,
        recursive: parameters.recursive === true,
        filter: Array.isArray(parameters.filter) ? parameters.filter.map(String) : undefined,
        timeoutSeconds: typeof parameters.timeout_secs === "number" ? parameters.timeout_secs : undefined,
      };
    default:
      throw invalid(`there is no operation ${String(operation)}`);
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw invalid("it is not an object");
  return Object.fromEntries(Object.entries(value));
}

const invalid = (reason: string): FsFailure => new FsFailure("InvalidRequest", `The request is invalid: ${reason}`);

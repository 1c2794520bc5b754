/** A way out of an error: one of the extension's commands, offered as a button. */
export interface ErrorAction {
  readonly title: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

/** A failure caused by the user, the network or a sandbox. The message is one sentence with a remedy and is shown as it is. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly actions: readonly ErrorAction[];
  /** The kind of error, for callers that handle it specially. */
  readonly code: string | undefined;

  constructor(message: string, options: { cause?: unknown; actions?: readonly ErrorAction[]; code?: string } = {}) {
    super(message, { cause: options.cause });
    this.actions = options.actions ?? [];
    this.code = options.code;
  }
}

export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The `code` of a Node or gRPC error, as a string. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" || typeof error.code === "number" ? String(error.code) : undefined;
}

export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}

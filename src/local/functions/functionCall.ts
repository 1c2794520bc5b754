import { newId } from "../base/ids";
import { Latch } from "../base/latch";

export type CallResult =
  | { readonly kind: "success"; readonly data: Buffer }
  | { readonly kind: "failure"; readonly exception: string; readonly traceback: string }
  | { readonly kind: "timeout"; readonly timeoutSecs: number }
  | { readonly kind: "cancelled" };

/** The arguments are CBOR, or a web request with JSON in its body and answer. */
export type CallRequest = { readonly method: string | undefined } & (
  | { readonly kind: "arguments"; readonly input: Uint8Array }
  | { readonly kind: "web"; readonly query: Readonly<Record<string, string>>; readonly input: Uint8Array }
);

/** One call of a function, from the request until its result is discarded. */
export class FunctionCall {
  readonly id = newId("fc");
  readonly inputId = newId("in");
  readonly functionId: string;
  readonly appId: string;
  readonly request: CallRequest;
  /** Seconds since the epoch. */
  readonly createdAt = Date.now() / 1000;
  #finishedAt: number | undefined;
  readonly #result = new Latch<CallResult>();
  readonly #cancelling = new AbortController();

  constructor(options: { functionId: string; appId: string; request: CallRequest }) {
    this.functionId = options.functionId;
    this.appId = options.appId;
    this.request = options.request;
  }

  get result(): CallResult | undefined {
    return this.#result.value;
  }

  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  /** Aborts when the call is canceled. */
  get cancelled(): AbortSignal {
    return this.#cancelling.signal;
  }

  finish(result: CallResult): void {
    this.#finishedAt ??= Date.now() / 1000;
    this.#result.set(result);
  }

  cancel(): void {
    this.finish({ kind: "cancelled" });
    this.#cancelling.abort();
  }

  whenFinished(signal?: AbortSignal): Promise<CallResult> {
    return this.#result.wait(signal);
  }
}

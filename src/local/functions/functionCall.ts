import { newId } from "../model/ids";
import { Latch } from "../model/latch";

export type CallResult =
  | { readonly kind: "success"; readonly data: Buffer }
  | { readonly kind: "failure"; readonly exception: string; readonly traceback: string }
  | { readonly kind: "timeout"; readonly timeoutSecs: number }
  | { readonly kind: "cancelled" };

/** One call of a function, from when it was asked for until its result has been forgotten. */
export class FunctionCall {
  readonly id = newId("fc");
  readonly inputId = newId("in");
  readonly functionId: string;
  readonly appId: string;
  readonly method: string | undefined;
  /** CBOR. */
  readonly input: Uint8Array;
  readonly #result = new Latch<CallResult>();
  readonly #cancelling = new AbortController();

  constructor(options: { functionId: string; appId: string; method: string | undefined; input: Uint8Array }) {
    this.functionId = options.functionId;
    this.appId = options.appId;
    this.method = options.method;
    this.input = options.input;
  }

  get result(): CallResult | undefined {
    return this.#result.value;
  }

  /** Aborts when the call is cancelled. */
  get cancelled(): AbortSignal {
    return this.#cancelling.signal;
  }

  finish(result: CallResult): void {
    this.#result.set(result);
  }

  cancel(): void {
    this.finish({ kind: "cancelled" });
    this.#cancelling.abort();
  }

  whenFinished(signal: AbortSignal): Promise<CallResult> {
    return this.#result.wait(signal);
  }
}

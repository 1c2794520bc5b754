import type { CallResult } from "../../functions/functionCall";
import type { FunctionStore } from "../../functions/functionStore";
import type { BlobStore } from "../../storage/blobs";
import { resultStatus } from "../../sandbox/sandboxResult";
import type { ControlPlane } from "../../protocol/messages";
import { within } from "../../base/timeLimit";

// Modal's `DataFormat`.
const CBOR = 4;
// A larger result does not fit into a message.
const MAX_INLINE_BYTES = 2 * 1024 * 1024;
const ENTRY_ID = "1-0";

/** Waits for function calls and cancels them. */
export const functionCallsService = (functions: FunctionStore, blobs: BlobStore): ControlPlane => ({
  async functionGetOutputs({ functionCallId, timeout }, { signal }) {
    const call = functions.call(functionCallId);
    const result = await within(timeout, signal, (limit) => call.whenFinished(limit));
    if (!result) return { outputs: [], lastEntryId: "0-0", numUnfinishedInputs: 1 };
    const output = {
      idx: 0,
      inputId: call.inputId,
      dataFormat: CBOR,
      result: await genericResult(result, blobs),
    };
    return Promise.resolve({ idxs: [0], outputs: [output], lastEntryId: ENTRY_ID });
  },

  async functionCallFromId({ functionCallId }) {
    const { appId, functionId } = functions.call(functionCallId);
    return Promise.resolve({ functionCallId, numInputs: 1, metadata: { appId, functionId } });
  },

  async functionCallCancel({ functionCallId }) {
    functions.call(functionCallId).cancel();
    return Promise.resolve({});
  },
});

async function genericResult(result: CallResult, blobs: BlobStore) {
  switch (result.kind) {
    case "success": {
      const { data } = result;
      const status = resultStatus.success;
      return data.length > MAX_INLINE_BYTES ? { status, dataBlobId: await blobs.add(data) } : { status, data };
    }
    case "failure": {
      const { exception, traceback } = result;
      return { status: resultStatus.failure, exception: [exception, traceback.trimEnd()].join("\n").trim(), traceback };
    }
    case "timeout":
      return {
        status: resultStatus.timeout,
        exception: `The function ran for more than ${result.timeoutSecs} seconds.`,
      };
    case "cancelled":
      return { status: resultStatus.terminated, exception: "The call was canceled." };
  }
}

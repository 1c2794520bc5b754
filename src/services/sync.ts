import type { DisposableStore } from "../base/disposable";
import type { CompressionSetting } from "../sync/archive/compression";
import { Puller, type PullerOptions } from "../sync/pull/puller";
import { Pusher, type PusherOptions } from "../sync/push/push";
import { SyncThread, type SyncThreadOptions } from "../sync/worker/syncThread";

export interface SyncOptions extends SyncThreadOptions, Pick<PullerOptions, "onConflicts" | "onCopies"> {
  readonly isLocal: () => boolean;
  readonly compression?: (isLocal: boolean) => CompressionSetting;
  readonly approvePush?: PusherOptions["approve"];
  readonly pullSettings: PullerOptions["settings"];
  readonly approvePull: PullerOptions["approve"];
}

export type Sync = ReturnType<typeof createSync>;

/** Creates the services that transfer files between a folder and its sandboxes. */
export function createSync(own: DisposableStore, options: SyncOptions) {
  const { isLocal, compression, approvePush, pullSettings, approvePull, onConflicts, onCopies } = options;
  const thread = own.add(new SyncThread(options));
  const pusher = own.add(
    new Pusher({
      thread,
      ...(approvePush && { approve: approvePush }),
      ...(compression && { compression: () => compression(isLocal()) }),
    }),
  );
  const puller = new Puller({ thread, settings: pullSettings, approve: approvePull, onConflicts, onCopies });
  return { thread, pusher, puller };
}

import type { Context } from "mocha";

import { skip, skipForRoot } from "../../support/skip";
import type { Fixture } from "./fixture";

const isolationOf = ({ backend }: Fixture): string => /isolation: (\w+)/.exec(backend.log())?.[1] ?? "";

/** Skips a test of an ability that only a sandbox with its own root has. */
export function needOwnRoot(context: Context, local: Fixture): void {
  if (isolationOf(local) === "directory") skip(context, "by design: in directory mode sandboxes are plain processes");
}

/** Skips a test of an ability that only overlays have. */
export function needOverlay(context: Context, local: Fixture): void {
  if (isolationOf(local) !== "overlay") skipForRoot(context, "overlays");
}

/** Skips a test of an ability that sandboxes lack while they share the machine's network. */
export function needOwnNetwork(context: Context, local: Fixture): void {
  needOwnRoot(context, local);
  if (process.env.MODAL_LOCAL_NETWORK === "shared") skip(context, "by design: sandboxes share the network");
  if (!local.backend.log().includes("Each has its own network"))
    skipForRoot(context, "sandboxes with a network of their own (/dev/net/tun and Perl)");
}

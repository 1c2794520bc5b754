import { assertNever } from "../../../base/errors";
import type { PortListener, Tunnel } from "../../../modal/tunnels";
import { joined, type Row } from "./row";

export function tunnelRow({ port, url, isPublic, sharedWith }: Tunnel): Row {
  const reach = isPublic ? "public" : "this machine only";
  const sharing = sharedWith && `shared port, ${listenerText(sharedWith)}`;
  const isElsewhere = sharedWith?.kind === "sandbox" || sharedWith?.kind === "machine";
  return {
    label: `:${port}`,
    description: joined(
      isPublic ? "public" : undefined,
      sharedWith && shortText(sharedWith),
      url.replace(/^https:\/\//, ""),
    ),
    icon: isElsewhere
      ? { id: "warning", color: "charts.yellow" }
      : { id: "globe", ...(isPublic && { color: "charts.yellow" }) },
    contextValue: `tunnel ${isPublic ? "public" : "local"}`,
    spoken: [`Tunnel to port ${port}`, reach, url, sharing].filter((part) => part !== undefined).join(", "),
  };
}

/** Says what a click does and who else can open the tunnel. */
export function tunnelNote({ port, isPublic, sharedWith }: Tunnel): string {
  if (isPublic) return "Public: anyone who knows this URL can open it. Click to open it in the browser.";
  const reach = "Reachable from this machine only. Click to open it in the browser.";
  if (!sharedWith) return reach;
  const sharing = `Port ${port} is shared on this machine; ${listenerText(sharedWith)}.`;
  return sharedWith.kind === "sandbox"
    ? `${sharing} This tunnel is closed until that sandbox stops listening.`
    : `${reach} ${sharing}`;
}

/** This comes before the URL, so that a narrow view still shows it. */
function shortText(listener: PortListener): string {
  switch (listener.kind) {
    case "itself":
    case "nobody":
      return "shared port";
    case "sandbox":
      return `shared port: ${listener.id} listens`;
    case "machine":
      return "shared port: another program listens";
    default:
      return assertNever(listener);
  }
}

function listenerText(listener: PortListener): string {
  switch (listener.kind) {
    case "itself":
      return "this sandbox listens on it";
    case "sandbox":
      return `sandbox ${listener.id} listens on it`;
    case "machine":
      return "a program outside all sandboxes listens on it";
    case "nobody":
      return "nothing listens on it yet";
    default:
      return assertNever(listener);
  }
}

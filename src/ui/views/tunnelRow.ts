import type { Tunnel } from "../../modal/tunnels";
import { joined, type Row } from "./row";

export function tunnelRow({ port, url, isPublic }: Tunnel): Row {
  const reach = isPublic ? "public" : "this machine only";
  return {
    label: `:${port}`,
    description: joined(isPublic ? "public" : undefined, url.replace(/^https:\/\//, "")),
    icon: { id: "globe", ...(isPublic && { color: "charts.yellow" }) },
    contextValue: `tunnel ${isPublic ? "public" : "local"}`,
    spoken: `Tunnel to port ${port}, ${reach}, ${url}`,
  };
}

/** What a click does and who else can. */
export const tunnelNote = ({ isPublic }: Tunnel): string =>
  isPublic
    ? "Public: anyone who knows this URL can open it. Click to open it in the browser."
    : "Reachable from this machine only. Click to open it in the browser.";

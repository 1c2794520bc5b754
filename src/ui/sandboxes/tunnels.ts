import { commands, env, ThemeIcon, Uri } from "vscode";
import { UserError } from "../../base/errors";
import { tunnelPage, type Tunnel } from "../../modal/tunnels";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import type { TunnelService } from "../../sandboxes/tunnelService";
import { pickOne } from "../outsideText";
import type { SandboxNode, TunnelNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import { withProgress } from "../progress";
import type { CommandTable } from "../commands/register";

export interface TunnelDependencies {
  readonly tunnels: TunnelService;
  readonly picker: SandboxPicker;
}

type Node = SandboxNode | TunnelNode;

export function tunnelCommands({ tunnels, picker }: TunnelDependencies): CommandTable {
  const pickTunnel = async (node: Node | undefined): Promise<Tunnel | undefined> => {
    if (node?.kind === "tunnel") return node.tunnel;
    const sandbox = await picker.pick("Open a tunnel of which sandbox?", node);
    return sandbox && chooseTunnel(await loadTunnels(tunnels, sandbox));
  };

  return {
    "modalSandboxes.openTunnel": async (node?: Node) => {
      const tunnel = await pickTunnel(node);
      if (!tunnel) return;
      // A click in the tree opens the browser; elsewhere the user chooses how to open it.
      const open = node?.kind === "tunnel" ? openInBrowser : await chooseOpening(tunnel);
      await open?.(tunnel);
    },

    "modalSandboxes.openTunnelInSimpleBrowser": async (node?: Node) => {
      const tunnel = await pickTunnel(node);
      if (tunnel) await openInSimpleBrowser(tunnel);
    },

    "modalSandboxes.copyTunnelUrl": async (node?: Node) => {
      const tunnel = await pickTunnel(node);
      if (tunnel) await copyUrl(tunnel);
    },
  };
}

async function loadTunnels(service: TunnelService, sandbox: RunningSandbox): Promise<readonly Tunnel[]> {
  if (sandbox.phase.tunnels.length > 0) return sandbox.phase.tunnels;
  const tunnels = await withProgress("Looking for tunnels", (_report, signal) => service.load(sandbox, signal));
  if (tunnels.length === 0) throw noTunnels();
  return tunnels;
}

async function chooseTunnel(tunnels: readonly Tunnel[]): Promise<Tunnel | undefined> {
  if (tunnels.length === 1) return tunnels[0];
  const items = tunnels.map((tunnel) => ({
    iconPath: new ThemeIcon("globe"),
    label: `Port ${tunnel.port}`,
    description: tunnel.isPublic ? "public" : "this machine only",
    detail: tunnel.url,
    tunnel,
  }));
  return (await pickOne(items, { placeHolder: "Which port?" }))?.tunnel;
}

async function chooseOpening(tunnel: Tunnel): Promise<((tunnel: Tunnel) => Promise<void>) | undefined> {
  const items = [
    { iconPath: new ThemeIcon("link-external"), label: "Open in the browser", open: openInBrowser },
    { iconPath: new ThemeIcon("open-preview"), label: "Open in the Simple Browser", open: openInSimpleBrowser },
    { iconPath: new ThemeIcon("copy"), label: "Copy the URL", open: copyUrl },
  ];
  const reach = tunnel.isPublic ? "public: anyone who knows the URL can open it" : "this machine only";
  return (await pickOne(items, { title: tunnel.url, placeHolder: reach }))?.open;
}

async function openInBrowser(tunnel: Tunnel): Promise<void> {
  await env.openExternal(await reachable(tunnel));
}

async function openInSimpleBrowser(tunnel: Tunnel): Promise<void> {
  await commands.executeCommand("simpleBrowser.api.open", await reachable(tunnel));
}

async function copyUrl({ url }: Tunnel): Promise<void> {
  await env.clipboard.writeText(url);
}

/** Makes a loopback address reachable for the browser, which may run on another machine than the extension. */
async function reachable(tunnel: Tunnel): Promise<Uri> {
  const uri = Uri.parse(tunnelPage(tunnel), true);
  return tunnel.isPublic ? uri : env.asExternalUri(uri);
}

const noTunnels = () =>
  new UserError(
    "This sandbox has no tunnels, because its ports were not declared. Set the ports, then create another sandbox.",
    {
      actions: [
        { title: "Open Settings", command: "workbench.action.openSettings", arguments: ["modalSandboxes.ports"] },
      ],
    },
  );

import { StringDecoder } from "node:string_decoder";
import { commands } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { tunnelPage } from "../../modal/tunnels";
import type { Run } from "../../run/run";
import { ServedPorts, type ServedPort } from "../../run/output/servedPorts";
import { isRunning } from "../../sandboxes/sandbox";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { TunnelService } from "../../sandboxes/tunnelService";
import { showInformation } from "../outsideText";
import type { TunnelNode } from "../views/nodes";

export interface PortOffersOptions {
  readonly store: SandboxStore;
  readonly tunnels: TunnelService;
  readonly report: (error: unknown) => void;
}

const TIMEOUT_MS = 20_000;

/**
 * Offers the tunnel of a port that a program says it serves, or says why there is none. Does so once per run and port.
 */
export class PortOffers implements Disposable {
  readonly #options: PortOffersOptions;
  readonly #own = new DisposableStore();

  constructor(options: PortOffersOptions) {
    this.#options = options;
  }

  follow(run: Run): void {
    const offered = new Set<number>();
    const streams = { stdout: listener(), stderr: listener() };
    const listening = this.#own.add(
      run.onDidOutput(({ bytes, stream }) => {
        const { ports, decoder } = streams[stream];
        if (ports.isDone) return;
        for (const served of ports.push(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)))) {
          if (offered.has(served.port)) continue;
          offered.add(served.port);
          this.#offer(run, served).catch(this.#options.report);
        }
      }),
    );
    void run.finished.then(() => listening.dispose());
  }

  dispose(): void {
    this.#own.dispose();
  }

  async #offer(run: Run, { port, path }: ServedPort): Promise<void> {
    const { store, tunnels } = this.#options;
    const sandbox = run.sandboxKey === undefined ? undefined : store.get(run.sandboxKey);
    if (!sandbox || !isRunning(sandbox)) return;
    const isHere = (known: { readonly port: number }) => known.port === port;
    if (!sandbox.ports.includes(port) && !sandbox.phase.tunnels.some(isHere)) {
      run.tell(
        `Port ${port} is not reachable from outside the sandbox. Add it to "modalSandboxes.ports" and create another sandbox.`,
      );
      return;
    }
    const loaded = sandbox.phase.tunnels.find(isHere);
    const tunnel = loaded ?? (await tunnels.load(sandbox, AbortSignal.timeout(TIMEOUT_MS))).find(isHere);
    if (!tunnel) return;
    const reach = tunnel.isPublic ? "open to anyone who knows the URL" : "open on this machine";
    const message = `${run.target.label} serves port ${port}, ${reach}: ${tunnel.url}`;
    const chosen = await showInformation(message, ...choices.keys());
    const command = choices.get(chosen ?? "");
    const whole: TunnelNode = {
      kind: "tunnel",
      key: sandbox.key,
      tunnel: { ...tunnel, url: tunnelPage(tunnel, path) },
    };
    if (command !== undefined) await commands.executeCommand(command, whole);
  }
}

const choices: ReadonlyMap<string, string> = new Map([
  ["Open in Browser", "modalSandboxes.openTunnel"],
  ["Preview", "modalSandboxes.openTunnelInSimpleBrowser"],
  ["Copy URL", "modalSandboxes.copyTunnelUrl"],
]);

const listener = () => ({ ports: new ServedPorts(), decoder: new StringDecoder("utf8") });

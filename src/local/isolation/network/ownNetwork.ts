import type { ChildProcess } from "node:child_process";
import { messageOf } from "../../../base/errors";
import type { Disposable } from "../../../base/disposable";
import type { Allowlist } from "../../base/isolation";
import { DNS_PORT, Gateway } from "../../network/gateway";
import { packetLength } from "../../network/ipv4";
import { findProgram, type Host } from "../host/host";
import { nameServer } from "./resolver";
import { startTunnelDevice } from "./tunnelDevice";

/** True if this machine can connect a sandbox's own network to the outside. If not, the log says why. */
export async function canLeadOut(host: Host, isUnprivileged: boolean): Promise<boolean> {
  if (host.sharesNetwork) return false;
  try {
    const enter = [findProgram("unshare", host), "-n", ...(isUnprivileged ? ["-U", "-r"] : []), "--"];
    const device = await startTunnelDevice(host, enter);
    device.stdin?.end();
    return true;
  } catch (error) {
    host.log(`Sandboxes cannot have their own networks with a connection to the outside: ${messageOf(error)}`);
    return false;
  }
}

export interface WayOut extends Disposable {
  setAllowlist(allowlist: Allowlist): void;
}

/** Connects a sandbox's own network to this machine's, within `allowlist`. */
export async function leadOut(host: Host, enter: readonly string[], allowlist: Allowlist | undefined): Promise<WayOut> {
  const device = await startTunnelDevice(host, enter);
  const gateway = new Gateway({
    allowlist,
    resolver: () => ({ host: nameServer(), port: DNS_PORT }),
    send: (packet) => device.stdin?.write(packet),
  });
  readPackets(device, (packet) => gateway.receive(packet));
  return {
    setAllowlist: (next) => gateway.setAllowlist(next),
    dispose: () => {
      device.kill("SIGKILL");
      gateway.dispose();
    },
  };
}

function readPackets({ stdout }: ChildProcess, receive: (packet: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stdout?.on("data", (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    for (let length = packetLength(rest); length !== undefined && length <= rest.length; length = packetLength(rest)) {
      receive(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

import { spawn, type ChildProcess } from "node:child_process";
import { GATEWAY_ADDRESS, PACKET_BYTES, PREFIX_MASK, SANDBOX_ADDRESS } from "../../network/gateway";
import { findProgram, systemPath, type Host } from "../host/host";
import { firstLine } from "../process/startProcess";
import TUNNEL_DEVICE from "./tunnelDevice.pl";

/**
 * Starts the process that holds the outward device of a network namespace and passes packets between that device and
 * its own stdin and stdout. It ends with its stdin. `enter` is a command prefix that runs a command in the namespace.
 * Rejects if the machine lacks such devices or Perl, which is needed because Node has no `ioctl`.
 */
export async function startTunnelDevice(host: Host, enter: readonly string[]): Promise<ChildProcess> {
  const words = ["-e", TUNNEL_DEVICE, SANDBOX_ADDRESS, GATEWAY_ADDRESS, PREFIX_MASK, String(PACKET_BYTES)];
  const [program = "", ...rest] = [...enter, findProgram("perl", host), ...words];
  const child = spawn(program, rest, {
    cwd: "/",
    env: { PATH: systemPath(host), MODAL_LOCAL_SERVER: host.folder.marker },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  child.stdin.on("error", () => undefined);
  const report = (await Promise.race([firstLine(child.stderr), failed])).trim();
  if (report !== "ready") throw new Error(report === "" ? "The sandbox's network cannot be entered." : report);
  return child;
}

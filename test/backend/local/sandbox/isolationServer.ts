import { detectIsolation } from "../../../../src/local/isolation/detectIsolation";
import type { IsolationKind } from "../../../../src/local/base/isolation";

/**
 * A server to be killed. It has one sandbox with a process that tries everything to outlive it. Arguments: state
 * folder, kind.
 */
async function main(stateDir: string, preferred: IsolationKind): Promise<void> {
  const isolation = await detectIsolation({ stateDir, preferred, log: () => undefined });
  const root = await isolation.createRoot({ sandboxId: "sb-doomed" });
  const { stdout } = await root.spawn({
    argv: [
      "sh",
      "-c",
      "(setsid sh -c 'trap \"\" HUP TERM; sleep 1000; :' &) ; setsid sleep 1001 & sleep 1002 & echo started; wait",
    ],
    env: {},
    workdir: "/workspace",
  });
  stdout.once("data", () => process.stdout.write("started\n"));
}

if (require.main === module) void main(process.argv[2] ?? "", process.argv[3] as IsolationKind);

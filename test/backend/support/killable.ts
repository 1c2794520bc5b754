import { once } from "node:events";
import { messageOf } from "../../../src/base/errors";
import { spec, startServices, T4 } from "./services";

/**
 * A window's services in a separate process, for tests to kill. It takes a sandbox through its life and prints each
 * stage on stdout, one word per line. Failures are printed too, because the network may be down.
 */
async function main(): Promise<void> {
  const { MODAL_TOKEN_ID: tokenId = "", MODAL_TOKEN_SECRET: tokenSecret = "", STORAGE = "", GPU } = process.env;
  const account = { tokenId, tokenSecret };
  const services = await startServices({ account, storageFolder: STORAGE });
  const { sandboxes, snapshots, store } = services;
  const soon = () => AbortSignal.timeout(60_000);
  // Every window starts like this: it loads its account and the server's address.
  await services.refresh();
  tell("ready");
  await once(process.stdin, "data");
  const life = async () => {
    tell("creating");
    const options = { spec: spec({ gpu: GPU === "1" ? T4 : undefined }), folder: "/killed" };
    const sandbox = await sandboxes.create(options, soon());
    tell(`pausing ${sandbox.name}`);
    await snapshots.pause(sandbox, soon());
    tell("resuming");
    const paused = store.all.find(({ phase, name }) => phase.kind === "paused" && name === sandbox.name);
    const resumed = await snapshots.resume(paused?.key ?? "", {}, soon());
    tell(`terminating ${resumed.name}`);
    await sandboxes.terminate(resumed.key, soon());
  };
  await life().catch((error: unknown) => tell(`failed: ${messageOf(error)}`));
  tell("over");
  setInterval(() => undefined, 60_000);
}

const tell = (line: string) => process.stdout.write(`${line}\n`);

void main();

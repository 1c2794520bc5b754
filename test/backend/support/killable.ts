import { once } from "node:events";
import { messageOf } from "../../../src/base/errors";
import { spec, startServices, T4 } from "./services";

/**
 * A window's services in a process of their own, for tests to kill: takes a sandbox through its life and tells on stdout
 * how far it is, a word a line. What fails is told too, for the network may be gone.
 */
async function main(): Promise<void> {
  const { MODAL_TOKEN_ID: tokenId = "", MODAL_TOKEN_SECRET: tokenSecret = "", CUSTODY = "", GPU } = process.env;
  const account = { tokenId, tokenSecret };
  const services = await startServices({ account, custodyFolder: CUSTODY });
  const { sandboxes, snapshots, store } = services;
  const soon = () => AbortSignal.timeout(60_000);
  // What any window does first: it knows its account, and where the server is.
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
  await life().catch((error: unknown) => {
    tell(`failed: ${messageOf(error)}`);
  });
  tell("over");
  setInterval(() => undefined, 60_000);
}

const tell = (line: string) => process.stdout.write(`${line}\n`);

void main();

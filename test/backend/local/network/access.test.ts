import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import { skip } from "../../../support/skip";
import { messageOf } from "../../../../src/base/errors";
import { useLocalBackend } from "../../support/fixture";
import { createClient, startLocalBackend } from "../../support/localBackend";
import { RawRouter } from "../../support/routerClient";
import { eventually, processesWith } from "../../support/processes";

describe("the local backend as a program", function () {
  this.timeout(60_000);
  const local = useLocalBackend();

  it("prints its address and its token on one line of JSON", () => {
    const { serverUrl, tokenId, tokenSecret } = local.backend;
    assert.equal(local.backend.output(), `${JSON.stringify({ serverUrl, tokenId, tokenSecret })}\n`);
    assert.match(serverUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(tokenId, /^ak-/);
    assert.match(tokenSecret, /^as-/);
  });

  it("serves on the requested port, and reports if the port is taken", async () => {
    const { port } = new URL(local.backend.serverUrl);
    await assert.rejects(startLocalBackend({ arguments: ["--port", port] }), /could not start: .*EADDRINUSE/);
    await assert.rejects(startLocalBackend({ arguments: ["--port", "no"] }), /"no" is not a valid port/);
  });

  it("says on Windows where it can run instead", async () => {
    const isWindows = "data:text/javascript,Object.defineProperty(process,'platform',{value:'win32'})";
    const start = startLocalBackend({ env: { NODE_OPTIONS: `--import ${isWindows}` } });
    await assert.rejects(start, /could not start: .* on Windows use WSL/);
  });

  it("refuses a foreign token", async () => {
    const stranger = createClient({ ...local.backend, tokenSecret: "as-wrong" });
    const call = stranger.apps.fromName("tests", { createIfMissing: true });
    await assert.rejects(call, (error) => error instanceof ClientError && error.code === Status.UNAUTHENTICATED);
    stranger.close();
  });

  it("refuses a router call without a router token", async () => {
    const sandbox = await local.create({ includeOidcIdentityToken: true });
    const identity = await (await sandbox.exec(["sh", "-c", 'printf %s "$MODAL_IDENTITY_TOKEN"'])).stdout.readText();
    for (const jwt of ["", "e30=.e30=.e30=", identity]) {
      const router = await RawRouter.open(local.modal, sandbox, jwt);
      await assert.rejects(
        router.start("true"),
        (error) => error instanceof ClientError && error.code === Status.UNAUTHENTICATED,
      );
      router.close();
    }
  });

  it("reports its identity and its isolation", async () => {
    const { cpClient } = local.modal;
    assert.equal((await cpClient.workspaceNameLookup({})).username, "local");
    assert.equal((await cpClient.tokenInfoGet({})).tokenId, local.backend.tokenId);
    const [kind] = (await cpClient.clientHello({})).serverWarnings.map(
      ({ message }) => /isolation (\w+):/.exec(message)?.[1],
    );
    assert.match(kind ?? "", /^(overlay|privateRoot|directory)$/);
    assert.match(local.backend.log(), new RegExp(`isolation: ${kind}`));
  });

  it("answers unsupported methods with UNIMPLEMENTED and the method's name", async () => {
    await assert.rejects(
      local.modal.cpClient.workspaceMembersList({}),
      (error) =>
        error instanceof ClientError &&
        error.code === Status.UNIMPLEMENTED &&
        error.details.includes("WorkspaceMembersList"),
    );
  });

  it("answers every call of the SDK, or says why it cannot", async () => {
    const { calls, close } = await RawRouter.open(local.modal, await local.create());
    const source = await readFile(createRequire(__filename).resolve("modal"), "utf8");
    const asked = new Set([...source.matchAll(/\bcpClient\.(\w+)\(/g)].map(([, name]) => name));
    const controlPlane = callsOf(local.modal.cpClient).filter(([name]) => asked.has(name));
    // The call that takes a stream of messages has its own tests.
    const router = callsOf(calls).filter(([name]) => name !== "taskExecStdinWriteStream");
    assert.deepEqual([controlPlane.length > 70, router.length > 20], [true, true]);

    const answers = await Promise.all(
      [...controlPlane, ...router].map(async ([name, call]) => `${name}: ${await outcomeOf(call)}`),
    );
    assert.deepEqual(
      answers.filter((answer) => /does not support|has failed|failed in/.test(answer)),
      [],
    );
    close();
  });

  it("finds only apps that were created", async () => {
    await assert.rejects(local.modal.apps.fromName("never-made"), { name: "NotFoundError" });
    const again = await local.modal.apps.fromName("tests");
    assert.equal(again.appId, local.app.appId);
  });

  for (const [how, signal] of [
    ["a signal", true],
    ["the end of its stdin", false],
  ] as const)
    it(`leaves no process and no file behind after ${how}`, async () => {
      const backend = await startLocalBackend();
      const { modal, marker } = await startSleepers(backend);
      if (signal) process.kill(backend.pid, "SIGTERM");
      else backend.closeStdin();
      assert.equal(await backend.exited, 0);
      assert.deepEqual(await processesWith(marker), []);
      assert.deepEqual(await filesIn(backend.stateDir), []);
      modal.close();
      await backend.stop();
    });

  it("leaves no process and no file behind when it is killed", async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    const backend = await startLocalBackend();
    const { modal, marker } = await startSleepers(backend);
    backend.kill();
    assert.ok(await eventually(async () => (await processesWith(marker)).length === 0));
    assert.ok(await eventually(async () => (await filesIn(backend.stateDir)).length === 0));
    modal.close();
    await backend.stop();
  });
});

const filesIn = (folder: string): Promise<readonly string[]> => readdir(join(folder, "servers"));

type Call = (request: object) => PromiseLike<unknown> | AsyncIterable<unknown>;

const callsOf = (client: object): [string, Call][] => Object.entries(client) as [string, Call][];

/** The result of a call with an empty request. */
async function outcomeOf(call: Call): Promise<string> {
  const answer = call({});
  try {
    if (!(Symbol.asyncIterator in answer)) await answer;
    else for await (const message of answer) return `streams ${typeof message}`;
    return "answers";
  } catch (error) {
    return error instanceof ClientError ? error.details : messageOf(error);
  }
}

/** A sandbox whose command, a child of it and an exec carry `marker` in their command lines. */
async function startSleepers(backend: Parameters<typeof createClient>[0]) {
  const marker = `3${Date.now()}.${process.pid}`;
  const modal = createClient(backend);
  const app = await modal.apps.fromName("tests", { createIfMissing: true });
  const command = ["sh", "-c", `setsid sleep ${marker} & sleep ${marker}`];
  const sandbox = await modal.sandboxes.create(app, modal.images.fromRegistry("debian"), { command });
  const exec = await sandbox.exec(["sh", "-c", `echo started; sleep ${marker}`]);
  await exec.stdout.getReader().read();
  assert.ok(await eventually(async () => (await processesWith(marker)).length >= 4), "they run");
  return { modal, marker };
}

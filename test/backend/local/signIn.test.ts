import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { ClientError, createChannel, createClientFactory, Status } from "nice-grpc";
import type { ModalClient } from "modal";
import { isRoot, skip, skipForRoot } from "../../support/skip";
import { useLocalBackend } from "../support/fixture";
import type { LocalBackend } from "../support/localBackend";
import { sdkDefinition } from "../support/sdkDefinition";

describe("signing in to the local backend", function () {
  this.timeout(30_000);
  const local = useLocalBackend();
  const begin = async () => {
    const flow = await local.modal.cpClient.tokenFlowCreate({});
    return { flow, wait: (timeout: number) => local.modal.cpClient.tokenFlowWait({ ...flow, timeout }) };
  };
  const nonceOf = (page: string) => /name="nonce" value="([^"]+)"/.exec(page)?.[1] ?? "";

  it("gives a client a token after a person has approved it on the page", async () => {
    const { flow, wait } = await begin();
    assert.equal((await wait(0)).timeout, true);
    const page = await (await fetch(flow.webUrl)).text();
    assert.ok(page.includes(flow.code));
    assert.match(page, /<button[^>]*>Approve<\/button>/);

    const waiting = wait(20);
    const approved = await fetch(flow.webUrl, { method: "POST", body: new URLSearchParams({ nonce: nonceOf(page) }) });
    assert.match(await approved.text(), /You are signed in/);
    const { tokenId, tokenSecret, workspaceUsername } = await waiting;
    assert.deepEqual(
      [tokenId, tokenSecret, workspaceUsername],
      [local.backend.tokenId, local.backend.tokenSecret, "local"],
    );
  });

  it("requires no token to begin, unlike all other calls", async () => {
    const channel = createChannel(local.backend.serverUrl);
    const stranger = createClientFactory().create(sdkDefinition("ModalClientDefinition"), channel) as Pick<
      ModalClient["cpClient"],
      "tokenFlowCreate" | "tokenFlowWait" | "appList"
    >;
    const flow = await stranger.tokenFlowCreate({});
    assert.equal((await stranger.tokenFlowWait({ ...flow, timeout: 0 })).timeout, true);
    await assert.rejects(
      stranger.appList({}),
      (error) => error instanceof ClientError && error.code === Status.UNAUTHENTICATED,
    );
    channel.close();
  });

  it("lets no one else approve or wait", async () => {
    const { flow, wait } = await begin();
    const other = await begin();
    const foreign = nonceOf(await (await fetch(other.flow.webUrl)).text());
    for (const nonce of ["", foreign])
      assert.equal((await fetch(flow.webUrl, { method: "POST", body: new URLSearchParams({ nonce }) })).status, 403);
    assert.equal((await wait(0)).timeout, true);
    await assert.rejects(
      local.modal.cpClient.tokenFlowWait({ ...flow, waitSecret: other.flow.waitSecret }),
      (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
    );
    assert.equal((await fetch(`${flow.webUrl}x`)).status, 404);
  });

  /** Opens the page as another program would, presses its button, and returns the text of both pages. */
  const TRY = `
    const [url, nonce, key] = process.argv.slice(1);
    const seen = await (await fetch(url)).text();
    const shown = /name="nonce" value="([^"]+)"/.exec(seen)?.[1];
    const body = new URLSearchParams({ nonce: shown ?? nonce, key });
    const answer = await fetch(url, { method: "POST", body });
    process.stdout.write(JSON.stringify({ asksForKey: seen.includes('name="key"'), shown, status: answer.status }));`;
  const tryArguments = (url: string, nonce: string, key: string) => [
    "--input-type=module",
    ...["-e", TRY, url, nonce, key],
  ];
  const REFUSED = { asksForKey: true, status: 403 };
  const keyFile = async ({ stateDir }: LocalBackend) => {
    const [folder = ""] = await readdir(join(stateDir, "servers"));
    return join(stateDir, "servers", folder, "sign-in-key");
  };

  it("lets another user approve only with the key that this user can read, not with the button or its nonce", async function () {
    if (!isRoot) skipForRoot(this, "a program that another user starts");
    const { flow, wait } = await begin();
    const nonce = nonceOf(await (await fetch(flow.webUrl)).text());
    const other = (key: string) => {
      const { stdout } = spawnSync(process.execPath, tryArguments(flow.webUrl, nonce, key), {
        uid: 64_321,
        gid: 64_321,
        cwd: "/",
        encoding: "utf8",
      });
      return JSON.parse(stdout) as object;
    };
    assert.deepEqual(other(""), REFUSED);
    assert.deepEqual(other("guessed"), REFUSED);
    assert.equal((await wait(0)).timeout, true);

    const path = await keyFile(local.backend);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(other(await readFile(path, "utf8")), { asksForKey: true, status: 200 });
    assert.equal((await wait(0)).tokenId, local.backend.tokenId);
  });

  describe("when sandboxes share this machine's network", () => {
    const sharing = useLocalBackend({ arguments: ["--network", "shared"] });

    it("lets no sandbox approve", async function () {
      if (sharing.backend.log().includes("isolation: directory"))
        skip(this, "by design: in directory mode sandboxes are plain processes");
      const flow = await sharing.modal.cpClient.tokenFlowCreate({});
      const nonce = nonceOf(await (await fetch(flow.webUrl)).text());
      assert.notEqual(nonce, "");
      const words = [process.execPath, ...tryArguments(flow.webUrl, nonce, "")];
      const sandbox = await sharing.create();
      for (const hidden of [[], ["unshare", "--fork", "--pid"]]) {
        const tried = await sandbox.exec([...hidden, ...words]);
        const output = await tried.stdout.readText();
        if (hidden.length > 0 && output === "") continue;
        assert.deepEqual(JSON.parse(output), REFUSED);
      }
      assert.equal((await sharing.modal.cpClient.tokenFlowWait({ ...flow, timeout: 0 })).timeout, true);
    });
  });

  it("returns Modal's rates as numbers, and says that nothing is billed", async () => {
    const { rates } = await local.modal.cpClient.workspaceBillingRates({});
    assert.ok(Object.keys(rates).includes("gpu_h100"));
    for (const rate of Object.values(rates)) assert.ok(Number(rate) > 0);
    await assert.rejects(
      local.modal.cpClient.workspaceBillingSummary({}),
      (error) =>
        error instanceof ClientError && error.code === Status.UNIMPLEMENTED && error.details.includes("bills nothing"),
    );
  });
});

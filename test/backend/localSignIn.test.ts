import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ClientError, createChannel, createClientFactory, Status } from "nice-grpc";
import type { ModalClient } from "modal";
import { useLocalBackend } from "./support/fixture";
import { sdkDefinition } from "./support/sdkDefinition";

describe("signing in to the local backend", function () {
  this.timeout(30_000);
  const local = useLocalBackend();
  const begin = async () => {
    const flow = await local.modal.cpClient.tokenFlowCreate({});
    return { flow, wait: (timeout: number) => local.modal.cpClient.tokenFlowWait({ ...flow, timeout }) };
  };
  const nonceOf = (page: string) => /name="nonce" value="([^"]+)"/.exec(page)?.[1] ?? "";

  it("gives a client a token, once a person has approved it on the page", async () => {
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

  it("needs no token to begin with, unlike all else", async () => {
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

  it("lets nobody else approve, and nobody else wait", async () => {
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

  it("tells Modal's rates, as numbers, and that nothing is billed", async () => {
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

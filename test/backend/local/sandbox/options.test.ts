import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import { ExperimentalOutboundPolicy } from "modal";
import { needOverlay } from "../../support/abilities";
import { generations, useLocalBackend } from "../../support/fixture";

for (const { generation, gpu } of generations)
  describe(`an option of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();

    const refusal = (code: Status, words: RegExp) => (error: unknown) =>
      error instanceof ClientError && error.code === code && words.test(error.details);

    it("accepts a cloud and regions that Modal has, and then runs here anyway", async () => {
      const regions = ["us", "eu-west", "us-east-1", "europe-west4", "jp"];
      const placed = await local.create({ ...gpu, cloud: "aws", regions, command: ["true"] });
      assert.equal(await placed.wait(), 0);
      const invalid = (words: RegExp) => refusal(Status.INVALID_ARGUMENT, words);
      await assert.rejects(local.create({ ...gpu, cloud: "nimbus" }), invalid(/Invalid cloud provider: nimbus/));
      await assert.rejects(local.create({ ...gpu, regions: ["us", "mars"] }), invalid(/Invalid region: mars/));
    });

    it("provides an identity token to programs on request", async () => {
      const print = ["sh", "-c", "echo ${MODAL_IDENTITY_TOKEN:-none}"];
      const tokenOf = async (includeOidcIdentityToken: boolean) => {
        const sandbox = await local.create({ ...gpu, includeOidcIdentityToken });
        return (await (await sandbox.exec(print)).stdout.readText()).trim();
      };
      assert.equal(await tokenOf(false), "none");
      const [, payload = ""] = (await tokenOf(true)).split(".");
      const { sub } = JSON.parse(Buffer.from(payload, "base64").toString()) as { sub: string };
      assert.equal(sub, `modal:app_id:${local.app.appId}`);
    });

    it("makes Docker's folder", async function () {
      // Without overlays, the system's folders are this machine's own.
      needOverlay(this, local);
      const statusOf = async (experimentalOptions: Record<string, boolean>) => {
        const sandbox = await local.create({ ...gpu, experimentalOptions });
        return (await sandbox.exec(["test", "-d", "/var/lib/docker"])).wait();
      };
      assert.equal(await statusOf({ enable_docker: true }), 0);
      await assert.rejects(
        local.create({ ...gpu, experimentalOptions: { enable_docker: "perhaps" } }),
        refusal(Status.INVALID_ARGUMENT, /enable_docker must be a bool/),
      );
    });

    it("is refused with the reason if a single machine cannot support it", async () => {
      const bucket = local.modal.cloudBucketMounts.create("bucket");
      await assert.rejects(
        local.create({ ...gpu, cloudBucketMounts: { "/mnt/bucket": bucket } }),
        refusal(Status.UNIMPLEMENTED, /cannot mount cloud buckets/),
      );
      const policy = new ExperimentalOutboundPolicy().withHeaderReplacement({
        domain: "example.com",
        headers: { "X-From": "here" },
      });
      await assert.rejects(
        local.create({ ...gpu, experimentalOutboundPolicy: policy }),
        refusal(Status.UNIMPLEMENTED, /cannot replace headers/),
      );
      await assert.rejects(local.modal.proxies.fromName("gate"), {
        name: "NotFoundError",
        message: "Proxy 'gate' not found",
      });
    });
  });

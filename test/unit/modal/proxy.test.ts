import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ProxyEnvironment, type ProxySettings } from "../../../src/modal/proxy";

const none: ProxySettings = { url: "", exceptions: [] };

function applied(variables: Record<string, string | undefined>, settings = none) {
  const environment = { ...variables };
  const proxy = new ProxyEnvironment(environment);
  proxy.apply(settings);
  return { environment, proxy };
}

describe("the route for gRPC", () => {
  it("leads through VS Code's proxy, and directly to this machine", () => {
    const { environment } = applied(
      { https_proxy: "http://other:1" },
      { url: "http://corp:3128", exceptions: ["*.corp"] },
    );
    assert.deepEqual(environment, {
      https_proxy: "http://other:1",
      grpc_proxy: "http://corp:3128",
      no_grpc_proxy: ".corp,127.0.0.1,localhost,::1",
    });
  });

  for (const name of ["grpc_proxy", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"])
    it(`comes from ${name} if the settings name no proxy`, () => {
      assert.equal(
        applied({ [name]: "http://corp:3128", NO_PROXY: "a, b" }).proxy.proxyFor("modal.com"),
        "http://corp:3128",
      );
    });

  it("keeps the exceptions of the environment", () => {
    const { environment } = applied({ HTTPS_PROXY: "http://corp:1", NO_PROXY: "intra, .corp" });
    assert.equal(environment.no_grpc_proxy, "intra,.corp,127.0.0.1,localhost,::1");
  });

  it("is direct for exceptions and for this machine", () => {
    const { proxy } = applied({}, { url: "http://corp:3128", exceptions: ["*.corp"] });
    assert.deepEqual(
      ["git.corp", "127.0.0.1", "corp.com"].map((host) => proxy.proxyFor(host)),
      [undefined, undefined, "http://corp:3128"],
    );
  });

  it("is direct if there is no proxy", () => assert.equal(applied({}).proxy.proxyFor("modal.com"), undefined));

  it("follows a setting that is removed, and leaves the environment as it was", () => {
    const { environment, proxy } = applied({ no_grpc_proxy: "x" }, { url: "http://corp:3128", exceptions: [] });
    proxy.apply(none);
    assert.equal(proxy.proxyFor("modal.com"), undefined);
    proxy.dispose();
    assert.deepEqual(environment, { no_grpc_proxy: "x" });
  });
});

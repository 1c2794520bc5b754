import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isNothing, nothing, OutboundPolicy } from "../../../../src/local/network/outboundPolicy";

describe("where a sandbox may connect to", () => {
  it("is everywhere but this machine and what hands out its credentials", () => {
    const policy = new OutboundPolicy(undefined);
    for (const address of ["1.1.1.1", "10.0.0.1", "192.168.1.1"]) assert.ok(policy.allowsAddress(address), address);
    for (const address of ["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"])
      assert.ok(!policy.allowsAddress(address), address);
    assert.ok(policy.allowsName("example.com"));
  });

  it("is what a list of ranges holds, and any name may be asked for", () => {
    const policy = new OutboundPolicy({ cidrs: ["10.1.0.0/16", "fd00::/8"], domains: [] });
    assert.ok(policy.allowsAddress("10.1.2.3"));
    assert.ok(!policy.allowsAddress("10.2.0.1"));
    assert.ok(policy.allowsAllNames);
    policy.learn("example.com", ["10.2.0.1"]);
    assert.ok(!policy.allowsAddress("10.2.0.1"));
  });

  it("is what the names on a list are said to stand for", () => {
    const policy = new OutboundPolicy({ cidrs: [], domains: ["Example.com", "*.example.org"] });
    const names = ["example.com", "a.b.example.org", "www.example.com", "example.org", "badexample.org"];
    assert.deepEqual(
      names.map((name) => policy.allowsName(name)),
      [true, true, false, false, false],
    );
    policy.learn("example.com", ["192.0.2.7"]);
    policy.learn("www.example.com", ["192.0.2.8"]);
    policy.learn("example.com", ["127.0.0.1"]);
    assert.deepEqual(
      ["192.0.2.7", "192.0.2.8", "127.0.0.1"].map((address) => policy.allowsAddress(address)),
      [true, false, false],
    );
  });

  it("is nowhere with two empty lists", () => {
    assert.deepEqual([nothing, undefined, { cidrs: ["10.0.0.0/8"], domains: [] }].map(isNothing), [true, false, false]);
  });
});

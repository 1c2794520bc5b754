import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isNothing, nothing, OutboundPolicy } from "../../../../src/local/network/outboundPolicy";

describe("the addresses that a sandbox may connect to", () => {
  it("are all but this machine's and those that hand out its credentials", () => {
    const policy = new OutboundPolicy(undefined);
    for (const address of ["1.1.1.1", "10.0.0.1", "192.168.1.1"]) assert.ok(policy.allowsAddress(address), address);
    for (const address of ["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"])
      assert.ok(!policy.allowsAddress(address), address);
    assert.ok(policy.allowsName("example.com"));
  });

  it("are those in a list of ranges, and any name may be resolved", () => {
    const policy = new OutboundPolicy({ cidrs: ["10.1.0.0/16", "fd00::/8"], domains: [] });
    assert.ok(policy.allowsAddress("10.1.2.3"));
    assert.ok(!policy.allowsAddress("10.2.0.1"));
    assert.ok(policy.allowsAllNames);
    policy.learn("example.com", ["10.2.0.1"]);
    assert.ok(!policy.allowsAddress("10.2.0.1"));
  });

  it("are those that the names on a list resolve to", () => {
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

  it("are none with two empty lists", () => {
    assert.deepEqual([nothing, undefined, { cidrs: ["10.0.0.0/8"], domains: [] }].map(isNothing), [true, false, false]);
  });
});

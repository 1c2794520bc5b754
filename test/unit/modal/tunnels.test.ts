import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { tunnelOf, tunnelPage, withListener } from "../../../src/modal/tunnels";

describe("the address of a tunnel", () => {
  it("is public and encrypted on Modal", () => {
    assert.deepEqual(tunnelOf(8000, { host: "ab.w.modal.host", port: 443 }), {
      port: 8000,
      url: "https://ab.w.modal.host",
      isPublic: true,
    });
    assert.equal(tunnelOf(8000, { host: "r1.modal.host", port: 4433 }).url, "https://r1.modal.host:4433");
  });

  it("is plain HTTP on this machine with the local backend", () => {
    const local = { host: "127.0.0.1", port: 5000, unencryptedHost: "127.0.0.1", unencryptedPort: 5000 };
    assert.deepEqual(tunnelOf(8000, local), { port: 8000, url: "http://127.0.0.1:5000", isPublic: false });
  });

  it("names the listener of a port that sandboxes of this machine share", () => {
    const local = { port: 8000, url: "http://127.0.0.1:5000", isPublic: false };
    const listener = (value: string) =>
      withListener(local, "sb-1", new Map([["modal-local-port-8000", value]])).sharedWith;
    assert.deepEqual(["sb-1", "sb-2", "machine", "nobody"].map(listener), [
      { kind: "itself" },
      { kind: "sandbox", id: "sb-2" },
      { kind: "machine" },
      { kind: "nobody" },
    ]);
    assert.deepEqual(withListener(local, "sb-1", new Map([["modal-local-port-8001", "sb-2"]])), local);
    const onModal = { ...local, isPublic: true };
    assert.deepEqual(withListener(onModal, "sb-1", new Map([["modal-local-port-8000", "sb-2"]])), onModal);
  });

  it("stays encrypted even if Modal also offers an unencrypted one", () => {
    const both = { host: "ab.w.modal.host", port: 443, unencryptedHost: "r1.modal.host", unencryptedPort: 41234 };
    assert.equal(tunnelOf(8000, both).url, "https://ab.w.modal.host");
  });

  it("is local only if it is an address of this machine", () => {
    for (const host of ["127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example"])
      assert.equal(tunnelOf(8000, { host, port: 443 }).isPublic, true, host);
  });
});

describe("a page of a tunnel", () => {
  const tunnel = { port: 8000, url: "https://ab.w.modal.host:4433", isPublic: true };
  const root = "https://ab.w.modal.host:4433/";

  it("is on the tunnel's host, whatever a program says", () => {
    const pages: Readonly<Record<string, string>> = {
      "/": "",
      "/lab?token=a%20b#c": "lab?token=a%20b#c",
      "/a//b/../c": "a//c",
      "/@evil.example/": "@evil.example/",
      "/https://evil.example/": "https://evil.example/",
      "//evil.example/": "",
      "/\\evil.example": "",
      "\\\\evil.example": "",
      "/\t/evil.example": "",
      "/\n\\evil.example": "",
      "///evil.example": "",
      "//user:password@ab.w.modal.host:4433/": "",
      "//ab.w.modal.host:4433@evil.example/": "",
      "//[": "",
      "https://evil.example/": "",
      "javascript:alert(1)": "",
      "@evil.example/": "",
      ".evil.example/": "",
      ":80/": "",
    };
    for (const [path, expected] of Object.entries(pages)) assert.equal(tunnelPage(tunnel, path), root + expected, path);
  });

  it("is the tunnel's address by default", () => {
    assert.equal(
      tunnelPage({ ...tunnel, url: "http://127.0.0.1:5000/lab?token=1" }),
      "http://127.0.0.1:5000/lab?token=1",
    );
  });

  it("is refused if the server returned no web address", () => {
    for (const url of [
      "file:///etc/passwd",
      "command:x",
      "vscode://a/b",
      "https://a@evil.example",
      "tcp://a:1",
      "x",
      "",
    ])
      assert.throws(() => tunnelPage({ ...tunnel, url }), /tunnel to port 8000 is not a web address/, url);
  });
});

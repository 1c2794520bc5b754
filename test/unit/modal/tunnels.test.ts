import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { tunnelOf } from "../../../src/modal/tunnels";

describe("a tunnel's address", () => {
  it("is public and encrypted on Modal", () => {
    assert.deepEqual(tunnelOf(8000, { host: "ab.w.modal.host", port: 443 }), {
      port: 8000,
      url: "https://ab.w.modal.host",
      isPublic: true,
    });
    assert.equal(tunnelOf(8000, { host: "r1.modal.host", port: 4433 }).url, "https://r1.modal.host:4433");
  });

  it("is plain HTTP on this machine alone with the local backend", () => {
    const local = { host: "127.0.0.1", port: 5000, unencryptedHost: "127.0.0.1", unencryptedPort: 5000 };
    assert.deepEqual(tunnelOf(8000, local), { port: 8000, url: "http://127.0.0.1:5000", isPublic: false });
  });

  it("stays encrypted where Modal offers an unencrypted one too", () => {
    const both = { host: "ab.w.modal.host", port: 443, unencryptedHost: "r1.modal.host", unencryptedPort: 41234 };
    assert.equal(tunnelOf(8000, both).url, "https://ab.w.modal.host");
  });
});

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { activeProfile, credentialsFromEnvironment, parseProfiles } from "../../../src/auth/profiles";
import { UserError } from "../../../src/base/errors";

const toml = `
[home]
token_id = "ak-home"
token_secret = "as-home"

[work]
token_id = "ak-work"
token_secret = "as-work"
environment = "research"
server_url = "https://modal.example"
active = true

[empty]
loglevel = "DEBUG"
`;

describe("the profiles of ~/.modal.toml", () => {
  it("contain their credentials, environment and server", () => {
    const [home, work, empty] = parseProfiles(toml, "~/.modal.toml");
    assert.deepEqual(home, {
      name: "home",
      isActive: false,
      credentials: { tokenId: "ak-home", tokenSecret: "as-home", source: { kind: "profile", name: "home" } },
    });
    assert.deepEqual(work?.credentials, {
      tokenId: "ak-work",
      tokenSecret: "as-work",
      source: { kind: "profile", name: "work" },
      environment: "research",
      serverUrl: "https://modal.example",
    });
    assert.equal(empty?.credentials, undefined);
  });

  it("are chosen by MODAL_PROFILE, then because they are active, then because there is only one", () => {
    const profiles = parseProfiles(toml, "x");
    assert.equal(activeProfile(profiles, { MODAL_PROFILE: "home" })?.name, "home");
    assert.equal(activeProfile(profiles, { MODAL_PROFILE: "nobody" }), undefined);
    assert.equal(activeProfile(profiles, {})?.name, "work");
    assert.equal(activeProfile(profiles.slice(0, 1), {})?.name, "home");
    assert.equal(activeProfile([], {}), undefined);
  });

  it("name the line if the file is malformed", () => {
    assert.throws(
      () => parseProfiles('[home]\ntoken_id = "ak-1"\ntoken_secret = as-1\n', "/home/me/.modal.toml"),
      (error) => error instanceof UserError && error.message.startsWith("/home/me/.modal.toml is malformed at line 3."),
    );
  });
});

describe("the token in the environment", () => {
  it("needs both halves", () => {
    assert.equal(credentialsFromEnvironment({ MODAL_TOKEN_ID: "ak-1" }), undefined);
    assert.deepEqual(
      credentialsFromEnvironment({ MODAL_TOKEN_ID: "ak-1", MODAL_TOKEN_SECRET: "as-1", MODAL_ENVIRONMENT: "dev" }),
      { tokenId: "ak-1", tokenSecret: "as-1", source: { kind: "environment" }, environment: "dev" },
    );
  });
});

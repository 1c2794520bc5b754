import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withProfile } from "../../../src/auth/profileText";
import { parseProfiles } from "../../../src/auth/profiles";
import { UserError } from "../../../src/base/errors";

const PATH = "/home/me/.modal.toml";
const added = { name: "acme", tokenId: "ak-1", tokenSecret: "as-1" };

describe("putting a token into .modal.toml", () => {
  it("makes the first profile the active one", () => {
    assert.equal(withProfile("", PATH, added), '[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"\nactive = true\n');
  });

  it("leaves the other profiles, their order and the comments as they are", () => {
    const text = '# mine\n[other]\ntoken_id = "ak-0" # old\ntoken_secret = "as-0"\nactive = true\n';
    assert.equal(withProfile(text, PATH, added), `${text}\n[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n`);
  });

  for (const header of ["[acme]", '["acme"]', "[ acme ] # work", "['acme']"])
    it(`replaces the token of an existing profile: ${header}`, () => {
      const text = `${header}\ntoken_id = "ak-0"\nenvironment = "dev" # keep\n"token_secret" = "as-0"\n\n[other]\nactive = true\n`;
      const result = withProfile(text, PATH, added);
      const [profile, other] = parseProfiles(result, PATH);
      assert.deepEqual(profile?.credentials, {
        tokenId: "ak-1",
        tokenSecret: "as-1",
        environment: "dev",
        source: { kind: "profile", name: "acme" },
      });
      assert.ok(result.includes('environment = "dev" # keep'));
      assert.equal(other?.isActive, true);
    });

  it("accepts any name and any token", () => {
    const odd = { name: 'my "team".a', tokenId: 'ak-"\\', tokenSecret: "as-\u00fc" };
    const [profile] = parseProfiles(withProfile("", PATH, odd), PATH);
    assert.equal(profile?.name, odd.name);
    assert.equal(profile.credentials?.tokenId, odd.tokenId);
  });

  it("leaves a malformed file as it is and names the line", () => {
    assert.throws(
      () => withProfile("[a]\nx = \n", PATH, added),
      (error) => error instanceof UserError && error.message.includes("line 2"),
    );
  });
});

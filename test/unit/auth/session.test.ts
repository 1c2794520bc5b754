import assert from "node:assert/strict";
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { SessionService, type Session } from "../../../src/auth/session";
import type { EnvironmentVariables } from "../../../src/auth/profiles";
import { memento, secretStore, silentLog } from "../support/fakes";

const environment = { MODAL_TOKEN_ID: "ak-env", MODAL_TOKEN_SECRET: "as-env" };
const profile = '[me]\ntoken_id = "ak-toml"\ntoken_secret = "as-toml"\n';

describe("the session", () => {
  let homeDir: string;

  beforeEach(async () => {
    homeDir = await mkdtemp(join(tmpdir(), "session-"));
  });

  afterEach(async () => {
    await rm(homeDir, { recursive: true });
  });

  const service = (env: EnvironmentVariables = {}): SessionService =>
    new SessionService({ secrets: secretStore(), memento: memento(), env, homeDir, log: silentLog });

  const tokenOf = (session: Session): string | undefined =>
    session.kind === "signedIn" ? session.credentials.tokenId : undefined;

  it("is signed out if there are no credentials", async () => {
    assert.deepEqual(await service().resolve(false), { kind: "signedOut" });
  });

  it("prefers a pasted token to the file, and the environment to both", async () => {
    await writeFile(join(homeDir, ".modal.toml"), profile);
    const fromFile = service();
    assert.equal(tokenOf(await fromFile.resolve(false)), "ak-toml");
    await fromFile.keepPasted("ak-pasted", "as-pasted");
    assert.equal(tokenOf(await fromFile.resolve(false)), "ak-pasted");
    assert.equal(tokenOf(await service(environment).resolve(false)), "ak-env");
  });

  it("prefers a pasted token to the environment if the user has just pasted it", async () => {
    const session = service(environment);
    await session.keepPasted("ak-pasted", "as-pasted");
    assert.equal(tokenOf(await session.resolve(false)), "ak-pasted");
  });

  it("reads the file that MODAL_CONFIG_PATH names", async () => {
    const path = join(homeDir, "other.toml");
    await writeFile(path, profile);
    assert.equal(tokenOf(await service({ MODAL_CONFIG_PATH: path }).resolve(false)), "ak-toml");
  });

  it("is local if the user chose that, whatever else is found", async () => {
    assert.deepEqual(await service(environment).resolve(true), { kind: "local" });
  });

  it("stays signed out after a sign-out until the next sign-in", async () => {
    const session = service(environment);
    await session.keepPasted("ak-pasted", "as-pasted");
    await session.signOut();
    assert.deepEqual(await session.resolve(false), { kind: "signedOut" });
    await session.useFound();
    assert.equal(tokenOf(await session.resolve(false)), "ak-env");
  });

  it("prefers the profile that the user picked", async () => {
    await writeFile(join(homeDir, ".modal.toml"), profile);
    const session = service(environment);
    await session.useProfile("me");
    assert.equal(tokenOf(await session.resolve(false)), "ak-toml");
  });

  it("is signed out with the reason if the file is malformed", async () => {
    await writeFile(join(homeDir, ".modal.toml"), "[me\n");
    const session = await service().resolve(false);
    assert.ok(session.kind === "signedOut");
    assert.match(session.problem?.message ?? "", /malformed at line 1/);
  });

  it("saves tokens from several windows at the same time, each into a different profile", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `profile-${index}`);
    await Promise.all(
      names.map((name) => service().saveProfile({ name, tokenId: `ak-${name}`, tokenSecret: `as-${name}` })),
    );
    const profiles = await service().profiles();
    assert.deepEqual(
      profiles.map(({ name, credentials }) => `${name} ${credentials?.tokenId ?? ""}`).sort(),
      names.map((name) => `${name} ak-${name}`).sort(),
    );
    assert.equal(profiles.filter(({ isActive }) => isActive).length, 1);
    assert.deepEqual(await readdir(homeDir), [".modal.toml"]);
  });

  it("saves a token so that only the user can read it, and keeps a link to the file", async () => {
    const token = { name: "me", tokenId: "ak-1", tokenSecret: "as-1" };
    for (const before of [profile, undefined]) {
      const dotfiles = await mkdtemp(join(homeDir, "dotfiles-"));
      if (before !== undefined) await writeFile(join(dotfiles, "modal.toml"), before, { mode: 0o644 });
      await rm(join(homeDir, ".modal.toml"), { force: true });
      await symlink(join(dotfiles, "modal.toml"), join(homeDir, ".modal.toml"));
      await service().saveProfile(token);
      assert.ok((await lstat(join(homeDir, ".modal.toml"))).isSymbolicLink());
      assert.equal((await lstat(join(dotfiles, "modal.toml"))).mode & 0o777, 0o600);
      assert.deepEqual(await readdir(dotfiles), ["modal.toml"]);
      assert.equal((await service().profiles())[0]?.credentials?.tokenId, "ak-1");
    }
  });

  it("leaves a file that it cannot edit as it is, and says what to do", async () => {
    const path = join(homeDir, ".modal.toml");
    for (const [text, message] of [
      ["[me\n", /is malformed at line 1\. Fix that line/],
      ["me = 3\n", /has me in a form that cannot be edited safely/],
      [Buffer.from([0x23, 0xe9, 0x0a]), /is not UTF-8 text, so it was left as it is\. Save it as UTF-8/],
    ] as const) {
      await writeFile(path, text);
      const saving = service().saveProfile({ name: "me", tokenId: "ak-1", tokenSecret: "as-1" });
      await assert.rejects(saving, { name: "UserError", message });
      assert.deepEqual(await readFile(path), Buffer.from(text));
      assert.deepEqual(await readdir(homeDir), [".modal.toml"]);
    }
  });

  it("reports a change once", async () => {
    const session = service(environment);
    const seen: string[] = [];
    session.onDidChangeSession(({ kind }) => seen.push(kind));
    await session.resolve(false);
    await session.resolve(false);
    await session.resolve(true);
    assert.deepEqual(seen, ["signedIn", "local"]);
  });
});

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

  it("is signed out where nothing is found", async () => {
    assert.deepEqual(await service().resolve(false), { kind: "signedOut" });
  });

  it("takes a pasted token before the file, and the environment before both", async () => {
    await writeFile(join(homeDir, ".modal.toml"), profile);
    const fromFile = service();
    assert.equal(tokenOf(await fromFile.resolve(false)), "ak-toml");
    await fromFile.keepPasted("ak-pasted", "as-pasted");
    assert.equal(tokenOf(await fromFile.resolve(false)), "ak-pasted");
    assert.equal(tokenOf(await service(environment).resolve(false)), "ak-env");
  });

  it("takes a pasted token before the environment where the user has just pasted it", async () => {
    const session = service(environment);
    await session.keepPasted("ak-pasted", "as-pasted");
    assert.equal(tokenOf(await session.resolve(false)), "ak-pasted");
  });

  it("reads the file that MODAL_CONFIG_PATH names", async () => {
    const path = join(homeDir, "other.toml");
    await writeFile(path, profile);
    assert.equal(tokenOf(await service({ MODAL_CONFIG_PATH: path }).resolve(false)), "ak-toml");
  });

  it("is local where the user says so, whatever else is found", async () => {
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

  it("is signed out with the reason where the file is malformed", async () => {
    await writeFile(join(homeDir, ".modal.toml"), "[me\n");
    const session = await service().resolve(false);
    assert.ok(session.kind === "signedOut");
    assert.match(session.problem?.message ?? "", /malformed at line 1/);
  });

  it("tells a change once", async () => {
    const session = service(environment);
    const seen: string[] = [];
    session.onDidChangeSession(({ kind }) => seen.push(kind));
    await session.resolve(false);
    await session.resolve(false);
    await session.resolve(true);
    assert.deepEqual(seen, ["signedIn", "local"]);
  });
});

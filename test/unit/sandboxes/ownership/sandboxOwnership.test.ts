import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import { SandboxOwnership } from "../../../../src/sandboxes/ownership/sandboxOwnership";
import { EnvVault } from "../../../../src/sandboxes/ownership/envVault";
import type { Holder } from "../../../../src/sandboxes/sandbox";
import { makingOf } from "../../../../src/sandboxes/spec/savedSpec";
import { secretStore, silentLog } from "../../support/fakes";
import { sandbox as plainSandbox } from "../../support/sandboxes";

const making = { folder: "", spec: { ...makingOf(plainSandbox()).spec, env: {} } };

describe("the ownership of sandboxes", () => {
  let folder: string;
  let vault: EnvVault;
  const opened: SandboxOwnership[] = [];
  beforeEach(() => {
    vault = new EnvVault(secretStore(), silentLog);
    folder = mkdtempSync(join(tmpdir(), "ownership-"));
  });
  afterEach(() => {
    for (const ownership of opened.splice(0)) ownership.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = ({ hostName = "here", scope = "account", in: at = folder } = {}): SandboxOwnership => {
    const ownership = new SandboxOwnership({
      folder: at,
      hostName,
      scope: () => scope,
      clock: { now: () => Date.now() },
      vault,
      log: silentLog,
    });
    opened.push(ownership);
    return ownership;
  };
  const make = async (ownership: SandboxOwnership, name = "vscode-a") => {
    await ownership.begin(name, making, false);
    await ownership.settle(name, `sb-${name}`);
    return { id: `sb-${name}`, name, tags: new Map(Object.entries(await ownership.tags())) };
  };
  const holderSeenBy = async (
    ownership: SandboxOwnership,
    listed: Parameters<SandboxOwnership["claim"]>[0],
    tags = new Map(),
  ) => (await ownership.survey()).holderOf({ tags, ...listed });
  /** Has the record of a window name a process that has come and gone, or another one than wrote it. */
  const outlive = async (pid: number) => {
    const [file] = readdirSync(join(folder, "windows"));
    assert.ok(file);
    const path = join(folder, "windows", file);
    const record = JSON.parse(await readFile(path, "utf8")) as object;
    writeFileSync(path, JSON.stringify({ ...record, pid }));
  };
  const deadProcess = async () => {
    const child = spawn("true");
    await once(child, "exit");
    return child.pid ?? 0;
  };

  it("is settled once the previous window, which is still closing, has released the folder's sandboxes", async () => {
    const [before, next] = [open(), open()];
    const { signal } = new AbortController();
    assert.equal(await next.whenReleased([making.folder], signal), false);
    await make(before);
    assert.equal(await next.whenReleased(["/another"], signal), false);
    const order: string[] = [];
    const released = next.whenReleased([making.folder], signal).then((hasWaited) => {
      order.push("released");
      return hasWaited;
    });
    await next.survey();
    order.push("left");
    await before.leave();
    assert.equal(await released, true);
    assert.deepEqual(order, ["left", "released"]);
  });

  it("tells this window's sandboxes from another's, and both from those made elsewhere", async () => {
    const here = open();
    const there = open();
    const sandbox = await make(here);
    assert.equal(await holderSeenBy(here, sandbox), "thisWindow");
    assert.equal(await holderSeenBy(there, sandbox), "otherWindow");
    assert.equal(await holderSeenBy(there, { id: "sb-x", name: "by-hand" }), "elsewhere");
  });

  it("has the entries of its account from all windows", async () => {
    const [here, there, abroad] = [open(), open(), open({ scope: "another" })];
    await make(here, "vscode-a");
    await make(there, "vscode-b");
    await make(abroad, "vscode-c");
    assert.deepEqual((await here.entries()).map(({ name }) => name).sort(), ["vscode-a", "vscode-b"]);
  });

  it("passes to no window when its window closes or is killed", async () => {
    const closed = open();
    const sandbox = await make(closed);
    await closed.leave();
    assert.equal(await holderSeenBy(open(), sandbox), "nobody");

    const killed = open();
    const other = await make(killed, "vscode-b");
    await outlive(await deadProcess());
    assert.equal(await holderSeenBy(open(), other), "nobody");
  });

  it("is not mistaken for that of another process with the same id", async () => {
    const killed = open();
    const sandbox = await make(killed);
    await outlive(1);
    assert.equal(await holderSeenBy(open(), sandbox), process.platform === "linux" ? "nobody" : "otherWindow");
  });

  it("never includes another machine's sandboxes, even if both share the folder or its contents", async () => {
    const copy = join(folder, "copy");
    const here = open();
    const sandbox = await make(here);
    await here.leave();
    await here.forget(sandbox.name);
    mkdirSync(copy);
    writeFileSync(join(copy, "install-id"), await readFile(join(folder, "install-id")));
    const seen = (ownership: SandboxOwnership): Promise<Holder> => holderSeenBy(ownership, sandbox, sandbox.tags);
    assert.equal(await seen(open()), "nobody");
    assert.equal(await seen(open({ in: copy, hostName: "there" })), "elsewhere");
    assert.equal(await seen(open({ in: join(folder, "other") })), "elsewhere");
  });

  it("is found by tags if the journal entry is lost, and stays with its window while that lives", async () => {
    const here = open();
    const sandbox = await make(here);
    await here.forget(sandbox.name);
    assert.equal(await holderSeenBy(open(), sandbox, sandbox.tags), "otherWindow");
  });

  it("can be taken over only if no window holds the sandbox", async () => {
    const first = open();
    const sandbox = await make(first);
    const [one, two] = [open(), open()];
    assert.equal(await one.claim(sandbox), false);
    await first.leave();
    assert.equal(await one.claim(sandbox), true);
    assert.equal(await two.claim(sandbox), false);
    assert.equal(await holderSeenBy(two, sandbox), "otherWindow");
  });

  it("can be claimed twice by the same window at the same time", async () => {
    const [before, next] = [open(), open()];
    const sandbox = await make(before);
    await before.leave();
    assert.deepEqual(await Promise.all([next.claim(sandbox), next.claim(sandbox)]), [true, true]);
    assert.equal(await holderSeenBy(next, sandbox), "thisWindow");
  });

  it("uses one install id for windows that start at the same time", async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await open().tags())["modal-sandboxes-install"]),
    );
    assert.equal(new Set(ids).size, 1);
    assert.match(ids[0] ?? "", /^[A-Za-z0-9._-]{1,63}$/);
  });

  it("is recorded on disk before the create, until the sandbox is known to be gone", async () => {
    const ownership = open();
    await ownership.begin("vscode-a", making, false);
    const entries = () => readdirSync(join(folder, "journal"));
    assert.deepEqual(entries(), ["vscode-a.json"]);
    await ownership.markForTermination("vscode-a");
    assert.equal((await open().survey()).entries.length, 0, "another window's is not for others to settle");
    assert.equal((await ownership.survey()).entries[0]?.isMarkedForTermination, true);
    await ownership.forget("vscode-a");
    assert.deepEqual(entries(), []);
    await ownership.settle("vscode-a", "sb-late");
    assert.deepEqual(entries(), [], "what comes late does not bring it back");
  });

  it("keeps the values of variables off the disk, and only as long as the sandbox exists", async () => {
    const ownership = open();
    const env = { HF_TOKEN: "hf_secret" };
    await ownership.begin("vscode-a", { ...making, spec: { ...making.spec, env } }, false);
    await ownership.keepEnv("vscode-a", env);
    const [file] = readdirSync(join(folder, "journal"));
    const written = await readFile(join(folder, "journal", file ?? ""), "utf8");
    assert.match(written, /HF_TOKEN/);
    assert.doesNotMatch(written, /hf_secret/);
    assert.deepEqual(await vault.of("vscode-a"), env);
    await ownership.forget("vscode-a");
    assert.deepEqual(await vault.of("vscode-a"), {});
  });

  it("ignores files without an entry", async () => {
    const ownership = open();
    await ownership.begin("vscode-a", making, false);
    for (const [name, text] of [
      ["half.json", '{"name":'],
      ["odd.json", '{"name":1}'],
      ["x.tmp", ""],
    ] as const)
      writeFileSync(join(folder, "journal", name), text);
    assert.deepEqual(
      (await ownership.survey()).entries.map(({ name }) => name),
      ["vscode-a"],
    );
  });

  it("is recorded as soon as the disk allows it after a first failure", async () => {
    const ownership = open();
    writeFileSync(join(folder, "windows"), "in the way");
    await assert.rejects(ownership.begin("vscode-a", making, false), UserError);
    rmSync(join(folder, "windows"));
    await ownership.begin("vscode-a", making, false);
    assert.equal(ownership.problem, undefined);
  });

  it("reports its problem as long as there is one, and does not consider an invisible window gone", async () => {
    const [ownership, other] = [open(), open()];
    const [ours, theirs] = [await make(ownership), await make(other, "vscode-b")];
    const problems: (string | undefined)[] = [];
    ownership.onDidChangeProblem(() => problems.push(ownership.problem));
    rmSync(join(folder, "windows"), { recursive: true });
    writeFileSync(join(folder, "windows"), "in the way");
    const survey = await ownership.survey();
    assert.deepEqual([survey.holderOf(ours), survey.holderOf(theirs)], ["thisWindow", "otherWindow"]);
    rmSync(join(folder, "windows"));
    await ownership.survey();
    assert.deepEqual(
      problems.map((problem) => problem?.includes(`${folder} can't be read`)),
      [true, undefined],
    );
  });

  it("refuses a create that it cannot record, with an error", async function () {
    writeFileSync(join(folder, "windows"), "in the way");
    chmodSync(join(folder, "windows"), 0o400);
    await assert.rejects(
      open().begin("vscode-a", making, false),
      (error) => error instanceof UserError && error.message.startsWith("No sandbox was created"),
    );
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "mocha";
import { delay } from "../../../src/base/async";
import { seededRandom } from "../../../src/local/faults/seededRandom";
import { SEED, seeded } from "../../support/seed";
import { eventually } from "../support/processes";
import { startLocalBackend, type LocalBackend } from "../support/localBackend";
import { spec, startServices, type Services } from "../support/services";

/** How often a window is killed, each time at another moment of its sandboxes' lives. */
const KILLS = 50;

/** The troubles that come with a kill, in turn. Every call takes a while, as calls over a network do. */
const SLOW = { rpc: "Sandbox*", latencyMs: 25 };
const troubles = [
  { name: "nothing else", rules: [SLOW] },
  {
    name: "answers lost",
    rules: [SLOW, { rpc: "Sandbox*", share: 0.4, after: true }, { rpc: "TaskSnapshot*", share: 0.3, after: true }],
  },
  { name: "network gone", rules: [SLOW], isCutInMidst: true },
] as const;

const moments = ["creating", "pausing", "resuming", "terminating"] as const;

type Moment = (typeof moments)[number];

describe("a window that is killed", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "killed-"));
  const faults = join(folder, "faults.json");
  const storageFolder = join(folder, "storage");
  const previousUrl = process.env.MODAL_SERVER_URL;
  let backend: LocalBackend;
  let bystander: Services;

  before(async () => {
    await writeFile(faults, "{}");
    backend = await startLocalBackend({ arguments: ["--faults", faults] });
    process.env.MODAL_SERVER_URL = backend.serverUrl;
    bystander = await startServices({ account: backend, storageFolder });
  });
  after(async () => {
    await bystander.stop();
    if (previousUrl === undefined) Reflect.deleteProperty(process.env, "MODAL_SERVER_URL");
    else process.env.MODAL_SERVER_URL = previousUrl;
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const startWindow = (gpu: boolean) => {
    const env = {
      ...process.env,
      MODAL_TOKEN_ID: backend.tokenId,
      MODAL_TOKEN_SECRET: backend.tokenSecret,
      STORAGE: storageFolder,
      GPU: gpu ? "1" : "",
    };
    const child = spawn(process.execPath, [join(__dirname, "../support/killable.js")], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const told: string[] = [];
    const lines = createInterface(child.stdout);
    lines.on("line", (line) => told.push(line));
    return { child, told, lines };
  };
  /** Settles once the window is at that moment of its sandbox's life; a failure may end it before. */
  const reaches = async ({ told, lines }: ReturnType<typeof startWindow>, moment: Moment | "ready" | "over") => {
    while (!told.some((line) => line.startsWith(moment) || line === "over"))
      await once(lines, "line", { signal: AbortSignal.timeout(30_000) });
  };

  it(seeded(`leaves nothing unaccounted for at ${KILLS} random moments of its sandbox's life`), async () => {
    const random = seededRandom(SEED);
    const held = await bystander.sandboxes.create({ spec: spec(), folder: "/held" }, AbortSignal.timeout(20_000));
    const found = { moments: new Map<string, number>(), orphans: 0, ended: 0, kept: 0 };

    await writeFile(faults, JSON.stringify({ rules: [SLOW] }));
    const whole = startWindow(false);
    whole.child.stdin.write("go\n");
    const startedAt = new Map<string, number>();
    for (const moment of [...moments, "over"] as const) {
      await reaches(whole, moment);
      startedAt.set(moment, performance.now());
    }
    const lengthMs = (moment: Moment) =>
      (startedAt.get(moments[moments.indexOf(moment) + 1] ?? "over") ?? 0) - (startedAt.get(moment) ?? 0);
    whole.child.kill("SIGKILL");
    await once(whole.child, "exit");

    for (let kill = 0; kill < KILLS; kill += 1) {
      const trouble = troubles[kill % troubles.length] ?? troubles[0];
      const killed = startWindow(kill % 5 === 4);
      await reaches(killed, "ready");
      await writeFile(faults, JSON.stringify({ seed: kill, rules: trouble.rules }));
      killed.child.stdin.write("go\n");
      const at = moments[kill % moments.length] ?? "creating";
      await reaches(killed, at);
      const killAfterMs = random() * lengthMs(at);
      if ("isCutInMidst" in trouble) {
        const cutAfterMs = random() * killAfterMs;
        await delay(cutAfterMs);
        await writeFile(faults, JSON.stringify({ rules: [{ rpc: "*", status: "UNAVAILABLE" }] }));
        await delay(killAfterMs - cutAfterMs);
      } else await delay(killAfterMs);
      killed.child.kill("SIGKILL");
      await once(killed.child, "exit");
      const moment = killed.told.at(-1)?.replace(/[ :].*/, "") ?? "";
      found.moments.set(moment, (found.moments.get(moment) ?? 0) + 1);
      await writeFile(faults, "{}");

      // The next start: every sandbox of the server is held by the bystander or is nobody's, and none is lost sight of.
      const next = bystander.openWindow();
      await next.refresh();
      const listed = await bystander.gateway.list(AbortSignal.timeout(20_000));
      const shown = listed.map(({ id }) => next.store.findById(id));
      const context = `kill ${kill} (${trouble.name}), last told: ${killed.told.join(", ")}`;
      for (const sandbox of shown) {
        assert.ok(sandbox, `${context}: a sandbox runs that nobody knows`);
        assert.equal(sandbox.holder, sandbox.key === held.key ? "otherWindow" : "nobody", context);
      }
      const pausing = /^pausing (\S+)/.exec(killed.told.at(-1) ?? "")?.[1];
      const { scope } = await next.ownership.survey();
      const snapshots = await bystander.kept.all(scope);
      if (pausing !== undefined) {
        const isKept = snapshots.some(({ sandboxName }) => sandboxName === pausing);
        assert.ok(isKept || listed.some(({ name }) => name === pausing), `${context}: the files are lost`);
        if (isKept) found.kept += 1;
      }

      const orphans = shown.flatMap((sandbox) => (sandbox?.holder === "nobody" ? [sandbox] : []));
      for (const { key, phase } of orphans) {
        if (phase.kind === "stopping") found.ended += 1;
        else {
          found.orphans += 1;
          await next.sandboxes.terminate(key, AbortSignal.timeout(20_000));
        }
      }
      const isAlone = async () => (await bystander.gateway.list(AbortSignal.timeout(20_000))).length === 1;
      assert.ok(await eventually(isAlone), `${context}: something is left`);
      const isSettled = async () => {
        await next.refresh();
        return (await next.ownership.survey()).entries.every(({ id }) => id === undefined);
      };
      assert.ok(await eventually(isSettled), `${context}: the journal has what is gone`);
      next.ownership.dispose();
    }

    const killedAt = [...found.moments].map(([moment, count]) => `${moment} ${count}`).join(", ");
    console.log(
      `      killed while ${killedAt}; found ${found.orphans} orphans, terminated ${found.ended} marked sandboxes`,
    );
    console.log(`      in pauses: ${found.kept} had their files kept already, the others ran on`);
    await bystander.refresh();
    const mine = bystander.store.get(held.key);
    assert.deepEqual([mine?.phase.kind, mine?.holder], ["running", "thisWindow"], "nobody touched what another holds");
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "mocha";
import { seededRandom } from "../../../src/local/faults/seededRandom";
import { listRates } from "../../../src/modal/rates";
import { hourlyRate } from "../../../src/sandboxes/costs/cost";
import { SEED, seeded } from "../../support/seed";
import { startLocalBackend, type LocalBackend } from "../support/localBackend";
import { spec, T4 } from "../support/services";

/** `LIMIT_TRIALS=200` for a thorough test. */
const TRIALS = Number(process.env.LIMIT_TRIALS ?? 12);

const MAX_STAGGER_MS = 400;

/** A window in a process of its own. */
class WindowProcess {
  readonly #child;
  readonly #answers: AsyncIterator<string>;

  constructor(backend: LocalBackend, storageFolder: string) {
    const { tokenId, tokenSecret } = backend;
    this.#child = spawn(process.execPath, [join(__dirname, "../support/limitedWindow.js")], {
      env: { ...process.env, MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret, STORAGE: storageFolder },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async answer(): Promise<string> {
    const next = await this.#answers.next();
    assert.ok(next.done !== true, "the window's process ended");
    return next.value;
  }

  async ask(command: string): Promise<string> {
    this.#child.stdin.write(`${command}\n`);
    return this.answer();
  }

  async close(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    await exited;
  }
}

describe("hard limits across windows", function () {
  this.timeout(60_000 + TRIALS * 5000);
  let base: string;
  let faults: string;
  const previousUrl = process.env.MODAL_SERVER_URL;
  let backend: LocalBackend;
  let windows: readonly [WindowProcess, WindowProcess];
  before(async () => {
    base = mkdtempSync(join(tmpdir(), "limits-"));
    faults = join(base, "faults.json");
    writeFileSync(faults, "{}");
    backend = await startLocalBackend({ arguments: ["--faults", faults] });
    process.env.MODAL_SERVER_URL = backend.serverUrl;
    windows = [new WindowProcess(backend, join(base, "storage")), new WindowProcess(backend, join(base, "storage"))];
    for (const window of windows) assert.equal(await window.answer(), "ready");
  });
  after(async () => {
    await Promise.all(windows.map((window) => window.close()));
    if (previousUrl === undefined) Reflect.deleteProperty(process.env, "MODAL_SERVER_URL");
    else process.env.MODAL_SERVER_URL = previousUrl;
    await backend.stop();
    rmSync(base, { recursive: true, force: true });
  });

  const slowDown = (random: () => number) => {
    const latencyMs = (most: number) => Math.round(random() * most);
    const rules = [
      // The meter asks for each sandbox of its window: longer than it takes another window to create one.
      { rpc: "SandboxGetResourceUsage", latencyMs: 300 + latencyMs(500) },
      { rpc: "SandboxList*", latencyMs: latencyMs(100) },
      { rpc: "SandboxCreate*", latencyMs: latencyMs(100) },
    ];
    writeFileSync(faults, JSON.stringify({ rules }));
  };
  const isCreated = (answer: string) => {
    assert.match(answer, /^(created|refused .*(limit|spent))/);
    return answer.startsWith("created");
  };
  it(seeded("on dollars per day hold in one window as soon as another has spent them"), async () => {
    const random = seededRandom(SEED);
    const [spender, saver] = windows;
    await endAll();
    await spender.ask("limits {}");
    for (let trial = 0; trial < TRIALS; trial += 1) {
      slowDown(random);
      await saver.ask("dayLimit");
      assert.ok(isCreated(await spender.ask("create 0")));
      await spender.ask("end");
      const answer = await saver.ask(`create ${Math.round(random() * 100)}`);
      assert.ok(!isCreated(answer), `trial ${trial}: ${answer}`);
    }
  });

  const endAll = async () => {
    for (const window of windows) while ((await window.ask("end")) === "ended");
  };

  const perHour = hourlyRate(spec({ gpu: T4 }), listRates);

  for (const [kind, limits] of [
    ["sandboxes", { sandboxes: 3 }],
    ["dollars an hour", { dollarsPerHour: perHour * 3.5 }],
  ] as const)
    it(seeded(`on ${kind} hold for two windows that create one after the other on a slow server`), async () => {
      const random = seededRandom(SEED);
      const outcomes = { one: 0, exceeded: 0, none: 0 };
      await endAll();
      for (const window of windows) {
        await window.ask("limits {}");
        assert.ok(isCreated(await window.ask("create 0")), "each window has a sandbox, so the limit has room for one");
      }
      for (const window of windows) await window.ask(`limits ${JSON.stringify(limits)}`);
      for (let trial = 0; trial < TRIALS; trial += 1) {
        slowDown(random);
        const staggers = windows.map(() => Math.round(random() * MAX_STAGGER_MS));
        const answers = await Promise.all(windows.map((window, at) => window.ask(`create ${staggers[at]}`)));
        const created = answers.filter(isCreated).length;
        outcomes[created > 1 ? "exceeded" : created === 1 ? "one" : "none"] += 1;
        const creators = windows.filter((_window, at) => answers[at]?.startsWith("created"));
        await Promise.all(creators.map((window) => window.ask("end")));
      }
      console.log(`      ${TRIALS} trials: ${JSON.stringify(outcomes)}`);
      assert.deepEqual([outcomes.exceeded, outcomes.none], [0, 0]);
    });
});

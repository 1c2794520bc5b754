import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isAbort, UserError } from "../../../../src/base/errors";
import { listRates } from "../../../../src/modal/rates";
import { SpendingGuard } from "../../../../src/sandboxes/costs/guard";
import type { JournalEntry } from "../../../../src/sandboxes/ownership/journal";
import type { Limits } from "../../../../src/sandboxes/costs/limits";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import { makingOf } from "../../../../src/sandboxes/spec/savedSpec";
import { sandbox } from "../../support/sandboxes";

const none: Limits = { dollarsPerHour: 0, dollarsPerDay: 0, sandboxes: 0 };

/** An hour of it costs a dollar. */
const rates = { current: { ...listRates, gpus: new Map([["T4", 1]]), core: 0, gib: 0 } };
const T4 = { type: "T4", count: 1 };
const signal = new AbortController().signal;

interface Setup {
  readonly soft?: Partial<Limits>;
  readonly hard?: Partial<Limits>;
  readonly today?: number;
  readonly isFree?: boolean;
  readonly answer?: boolean;
}

function arrange({ soft, hard, today = 0, isFree = false, answer = true }: Setup = {}) {
  const store = new SandboxStore();
  const journal: JournalEntry[] = [];
  const questions: string[] = [];
  const prices: number[] = [];
  let refreshes = 0;
  let whileListing: () => void = () => undefined;
  const costs = { isFree, sandboxes: [], perHour: 0, today, isTodayEstimate: false };
  const guard = new SpendingGuard({
    store,
    rates,
    clock: { now: () => 1000 },
    meter: { costs, update: () => Promise.resolve() },
    limits: () => ({ soft: { ...none, ...soft }, hard: { ...none, ...hard } }),
    refresh: () => {
      refreshes += 1;
      whileListing();
      return Promise.resolve();
    },
    journal: () => Promise.resolve([...journal]),
    livingWindows: () => Promise.resolve(new Set(["other"])),
    exclusively: (work) => work(),
    approve: (question, dollarsPerHour) => {
      questions.push(question);
      prices.push(dollarsPerHour);
      return Promise.resolve(answer);
    },
  });
  let created = 0;
  const create = async () => {
    created += 1;
    const key = `new-${created}`;
    const candidate = sandbox({ key, name: key, gpu: T4, cpu: 0, memoryMiB: 0, createdAt: 1000 });
    store.add(candidate);
    const record = () => {
      journal.push(entry({ name: key }));
      return Promise.resolve();
    };
    try {
      await guard.admit(candidate, record, signal);
      store.transition(key, { kind: "running", id: `sb-${key}`, startedAt: 1000, tunnels: [] });
    } catch (error) {
      store.remove(key);
      throw error;
    }
  };
  const onList = (listener: () => void) => {
    whileListing = listener;
  };
  return { store, journal, questions, prices, create, onList, refreshes: () => refreshes };
}

const entry = (properties: Partial<JournalEntry> & Pick<JournalEntry, "name">): JournalEntry => ({
  windowId: "other",
  scope: "account",
  createdAt: 0,
  making: makingOf(sandbox({ gpu: T4, cpu: 0, memoryMiB: 0 })),
  ...properties,
});

const refusal = (message: RegExp) => (error: unknown) => error instanceof UserError && message.test(error.message);

describe("a hard limit", () => {
  it("asks no other window if it is off", async () => {
    const { create, refreshes } = arrange();
    await create();
    assert.equal(refreshes(), 0);
  });

  it("allows spending up to the exact limit, and refuses more", async () => {
    const { create } = arrange({ hard: { dollarsPerHour: 2 } });
    await create();
    await create();
    await assert.rejects(
      create(),
      refusal(
        /^This T4 sandbox would bring your total to \$3\.00\/h\. Your limit is \$2\.00\/h\. Terminate a sandbox or raise the limit\.$/,
      ),
    );
  });

  it("leads to the settings and to the sandboxes that can be terminated", async () => {
    const { create } = arrange({ hard: { sandboxes: 1 } });
    await create();
    const error = await create().catch((refused: unknown) => refused);
    assert.ok(error instanceof UserError);
    assert.deepEqual(
      error.actions.map(({ title }) => title),
      ["Open Settings", "Terminate…"],
    );
  });

  it("does not offer to terminate a sandbox while none runs", async () => {
    const { create } = arrange({ hard: { dollarsPerHour: 0.5 } });
    const error = await create().catch((refused: unknown) => refused);
    assert.ok(error instanceof UserError);
    assert.match(error.message, / Raise the limit\.$/);
    assert.deepEqual(
      error.actions.map(({ title }) => title),
      ["Open Settings"],
    );
  });

  it("allows only as many concurrent creates as there is room for", async () => {
    const { create } = arrange({ hard: { sandboxes: 2 } });
    const outcomes = await Promise.allSettled([create(), create(), create(), create()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "rejected"],
    );
  });

  it("counts the sandboxes of other windows, but not those of other machines or ended ones", async () => {
    const { store, journal, create } = arrange({ hard: { sandboxes: 3 } });
    const phase = (id: string) => ({ kind: "running", id, startedAt: 0, tunnels: [] }) as const;
    store.add(sandbox({ key: "a", holder: "otherWindow", phase: phase("sb-a") }));
    store.add(sandbox({ key: "b", holder: "elsewhere", phase: phase("sb-b") }));
    store.add(sandbox({ key: "c", phase: { kind: "ended", reason: "idle", endedAt: 0 } }));
    store.add(sandbox({ key: "d", phase: { kind: "paused", imageId: "im-1", pausedAt: 0 } }));
    journal.push(
      entry({ name: "e" }),
      entry({ name: "f", id: "sb-f" }),
      entry({ name: "g", isMarkedForTermination: true }),
    );
    await create();
    await assert.rejects(create(), refusal(/^Another sandbox would exceed your limit of 3 sandboxes\./));
  });

  it("counts the price of a sandbox that another window has created since the list", async () => {
    for (const hard of [{ sandboxes: 1 }, { dollarsPerHour: 1.5 }]) {
      const { journal, create, onList } = arrange({ hard });
      onList(() => journal.push(entry({ name: "a", id: "sb-a" })));
      await assert.rejects(create(), refusal(/exceed your limit|Your limit is/));
    }
  });

  it("counts what a living window creates for any time, and what a dead one may have created for a limited time", async () => {
    const hoursAgo = (hours: number) => 1000 - hours * 3_600_000;
    const { journal, create } = arrange({ hard: { sandboxes: 3 } });
    journal.push(entry({ name: "a", createdAt: hoursAgo(5) }), entry({ name: "b", createdAt: hoursAgo(0.7) }));
    journal.push(entry({ name: "c", windowId: "dead", createdAt: hoursAgo(0.7) }));
    await create();
    await assert.rejects(create(), refusal(/limit of 3 sandboxes/));

    const { journal: abandoned, create: createAfter } = arrange({ hard: { sandboxes: 1 } });
    abandoned.push(entry({ name: "d", windowId: "dead", createdAt: hoursAgo(0.1) }));
    await assert.rejects(createAfter(), refusal(/limit of 1 sandbox/));
  });

  it("blocks creates for the rest of the day once the day's amount is spent", async () => {
    const { create } = arrange({ hard: { dollarsPerDay: 5 }, today: 5.02 });
    await assert.rejects(
      create(),
      refusal(
        /^You have spent \$5\.02 today, and your limit is \$5\.00 a day\. Raise the limit, or continue tomorrow\.$/,
      ),
    );
  });

  it("is only about numbers on the local backend, which is free", async () => {
    const { create } = arrange({
      hard: { dollarsPerHour: 0.5, dollarsPerDay: 1, sandboxes: 1 },
      today: 3,
      isFree: true,
    });
    await create();
    await assert.rejects(create(), refusal(/limit of 1 sandbox\./));
  });
});

describe("a soft limit", () => {
  it("asks once for each crossing", async () => {
    const { store, journal, create, questions, prices } = arrange({ soft: { sandboxes: 1 } });
    await create();
    assert.deepEqual(questions, []);
    await Promise.all([create(), create()]);
    assert.deepEqual(questions, ["Another sandbox would exceed your limit of 1 sandbox."]);
    assert.deepEqual(prices, [1]);

    for (const { key } of store.all) store.remove(key);
    journal.length = 0;
    await create();
    await create();
    assert.equal(questions.length, 2);
  });

  it("creates nothing if the user declines, and asks again the next time", async () => {
    const { create, questions } = arrange({ soft: { dollarsPerHour: 0.5 }, answer: false });
    await assert.rejects(create(), isAbort);
    await assert.rejects(create(), isAbort);
    assert.equal(questions.length, 2);
  });
});

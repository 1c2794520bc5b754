import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { after, before, describe, it } from "mocha";
import type { Sandbox } from "modal";

import { UserError } from "../../../src/base/errors";
import type { CompressionSetting } from "../../../src/sync/archive/compression";
import type { Exec } from "../../../src/sync/remote/remoteProcess";
import { SEED, seeded } from "../../support/seed";
import { build, file, temporaryFolders } from "../../unit/sync/support/folders";
import { SyncWindow } from "../../unit/sync/support/pushing";
import { random } from "../../unit/sync/support/random";
import { generations, useLocalBackend } from "../support/fixture";
import { execIn } from "../support/sdkExec";

const never = new AbortController().signal;

/** The total number of pushes to break; set PUSH_CUTS=1000 for a thorough test. */
const CUTS = Number(process.env.PUSH_CUTS ?? 60);

const REMOTE = "/workspace";

describe("a push that breaks at any byte", function () {
  this.timeout(30_000 + CUTS * 1000);
  const folder = temporaryFolders();
  const faultsFolder = mkdtempSync(join(tmpdir(), "faults-"));
  const faults = join(faultsFolder, "faults.json");
  const local = useLocalBackend({ arguments: ["--faults", faults] });
  const plan = (...rules: readonly object[]) => writeFileSync(faults, JSON.stringify({ rules }));
  let compression: CompressionSetting = "off";
  const window = new SyncWindow(undefined, { compression: () => compression });
  after(() => {
    window.dispose();
    rmSync(faultsFolder, { recursive: true });
  });

  for (const { generation, gpu } of generations)
    describe(`into a sandbox of generation ${generation}`, () => {
      let sandbox: Sandbox;
      before(async () => {
        sandbox = await local.create({ ...gpu, timeoutMs: 3_600_000 });
      });

      it(seeded(`leaves every file old or new in ${CUTS / 2} breaks, and the next push repairs it`), async () => {
        const next = random(SEED);
        const root = build(folder(), { "d/e/first": file("first") });
        const push = (exec: Exec) =>
          window.push({ root, remotePath: REMOTE, sandboxId: sandbox.sandboxId, exec, signal: never });
        await push(execIn(sandbox));
        let [broken, survived] = [0, 0];

        for (let round = 0; round < CUTS / 2; round += 1) {
          const old = digests(root);
          edit(root, round, next);
          const fresh = digests(root);
          compression = next() < 0.5 ? "on" : "off";

          const interrupt = next() < 0.7 ? () => cutLine() : () => killReceiver(sandbox);
          const error = await push(breaking(execIn(sandbox), next, interrupt)).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          plan();
          if (error) broken += 1;
          else survived += 1;
          assert.ok(error === undefined || error instanceof UserError, String(error));
          const found = await remoteDigests(sandbox);
          const isWhole = (path: string) => [old.get(path), fresh.get(path)].includes(found.get(path));
          const paths = [...new Set([...old.keys(), ...fresh.keys(), ...found.keys()])];
          assert.deepEqual(
            paths.filter((path) => !isWhole(path)),
            [],
            `round ${round}`,
          );

          await push(execIn(sandbox));
          assert.deepEqual(sorted(await remoteDigests(sandbox)), sorted(fresh), `round ${round}, the next push`);
        }
        console.log(`      ${broken} broke, ${survived} came through`);
        assert.ok(broken > survived, "most of them break");
      });
    });

  /** The write in progress and everything after it are lost. */
  function cutLine(): Promise<void> {
    plan(
      { rpc: "TaskExecStdinWrite*", times: 1, status: "DATA_LOSS" },
      { rpc: "ContainerExecPutInput", times: 1, status: "DATA_LOSS" },
    );
    return Promise.resolve();
  }
});

async function killReceiver(sandbox: Sandbox): Promise<void> {
  const script = `for stage in ${REMOTE}/.modal-push-*; do kill -9 "\${stage##*-}"; done 2>/dev/null; true`;
  await (await sandbox.exec(["sh", "-c", script])).wait();
}

/** Interrupts at a byte of the first stream that is written, most often in its first megabyte. */
function breaking(exec: Exec, next: () => number, interrupt: () => Promise<void>): Exec {
  let isDone = false;
  return async (argv) => {
    const process = await exec(argv);
    return {
      ...process,
      write: async (bytes) => {
        if (isDone || (bytes.length > 1_000_000 && next() < 0.5)) return process.write(bytes);
        isDone = true;
        const at = Math.floor(next() * bytes.length);
        await process.write(bytes.subarray(0, at));
        await interrupt();
        return process.write(bytes.subarray(at));
      },
    };
  };
}

function edit(root: string, round: number, next: () => number): void {
  const names = Array.from({ length: 24 }, (_, n) => `d/${n % 3}/f${n}`);
  for (let count = 0; count < 6; count += 1) {
    const path = names[Math.floor(next() * names.length)] ?? "f";
    if (next() < 0.3) rmSync(join(root, path), { force: true });
    else build(root, { [path]: file(`${round} ${count} `.repeat(1 + Math.floor(next() ** 4 * 60_000))) });
  }
}

function digests(root: string): Map<string, string> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length + 1), createHash("sha1").update(readFileSync(path)).digest("hex")];
    }),
  );
}

/** Returns the digest of every file under its final name, excluding staged files. */
async function remoteDigests(sandbox: Sandbox): Promise<Map<string, string>> {
  const script = `cd ${REMOTE} && find . -type f ! -name .modal-sync ! -path './.modal-push-*' -exec sha1sum {} +`;
  const process = await sandbox.exec(["sh", "-c", script]);
  const text = await process.stdout.readText();
  return new Map([...text.matchAll(/^(\w{40}) {2}\.\/(.*)$/gm)].map(([, digest = "", path = ""]) => [path, digest]));
}

const sorted = (found: ReadonlyMap<string, string>): [string, string][] => [...found].sort();

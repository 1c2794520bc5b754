import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, linkSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import { isRoot } from "../../../support/skip";
import { mountTmpfs } from "../support/tmpfs";
import { isAbort, UserError } from "../../../../src/base/errors";
import type { Exec, RemoteProcess } from "../../../../src/sync/remote/remoteProcess";
import { build, file, listTree, temporaryFolders, type Listing } from "../support/folders";
import { localExec } from "../support/localExec";
import { push as pushOnce, SyncWindow } from "../support/pushing";
import { random } from "../support/random";

const never = new AbortController().signal;

for (const compression of ["off", "on"] as const)
  describe(`an interrupted push (compression ${compression})`, function () {
    this.timeout(60_000);
    const folder = temporaryFolders();
    const versions = (version: string): Listing =>
      Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [`d${n % 7}/f${n}`, file(`${version} ${n} `.repeat(1 + n * 10))]),
      );
    const [old, fresh] = [build(folder(), versions("old")), build(folder(), versions("fresh"))];
    const window = new SyncWindow(undefined, { compression: () => compression });
    after(() => window.dispose());
    /** A folder that is now the one version, now the other. */
    const root = join(folder(), "root");
    const push = (version: string, remotePath: string, exec: Exec, signal = never) => {
      rmSync(root, { force: true });
      symlinkSync(version, root);
      return window.push({ root, remotePath, exec, signal });
    };

    /** Every file in `remotePath` is the old or the fresh one, whole, and nothing else is there. */
    function assertWhole(remotePath: string): void {
      const allowed = new Set([...listTree(old), ...listTree(fresh)]);
      assert.deepEqual(
        listTree(remotePath).filter((line) => !allowed.has(line)),
        [],
      );
      assert.equal(listTree(remotePath).length, listTree(old).length);
    }

    const pushOld = async (): Promise<string> => {
      const remotePath = folder();
      await push(old, remotePath, localExec());
      return remotePath;
    };

    /** Ends the input after `limit` bytes, as a lost connection does. */
    const cutAfter =
      (limit: number): Exec =>
      async (argv) => {
        const process = await localExec()(argv);
        let left = limit;
        return {
          ...process,
          write: async (bytes) => {
            const part = bytes.subarray(0, left);
            left -= part.length;
            await process.write(part);
            if (part.length < bytes.length) {
              await process.closeInput();
              throw new Error("14 UNAVAILABLE: connection dropped");
            }
          },
        };
      };

    it("leaves the target untouched wherever its stream is cut", async () => {
      const remotePath = await pushOld();
      const total = await streamLength(fresh);
      const next = random(7);
      const cuts = [
        0,
        1,
        511,
        512,
        513,
        total - 1025,
        total - 1024,
        ...Array.from({ length: 30 }, next).map((at) => Math.floor(at * (total - 2048))),
      ];

      for (const at of cuts) {
        const error = await failure(push(fresh, remotePath, cutAfter(at), never));
        if (error) {
          assert.ok(error instanceof UserError && error.message.includes("connection"), `${at}: ${String(error)}`);
          assert.deepEqual(listTree(remotePath), listTree(old), `cut at ${at}`);
        } else {
          // Nothing but the archive's padding was lost.
          assert.ok(at > total - 2048);
          assert.deepEqual(listTree(remotePath), listTree(fresh));
          await push(old, remotePath, localExec());
        }
      }
    });

    it("leaves complete files and nothing else when it is canceled, and waits for no answer from the sandbox", async () => {
      for (let delayMs = 0; delayMs <= 160; delayMs += 10) {
        const remotePath = await pushOld();
        const abort = new AbortController();
        const children: ChildProcess[] = [];
        setTimeout(() => abort.abort(), delayMs);

        const running = localExec({}, (child) => children.push(child));
        const unlessAborted = <T>(value: T) => (abort.signal.aborted ? new Promise<T>(() => undefined) : value);
        const exec: Exec = async (argv) => {
          const process = await running(argv);
          return {
            ...process,
            output: process.output.then(unlessAborted),
            exitCode: process.exitCode.then(unlessAborted),
          };
        };
        const error = await failure(push(fresh, remotePath, exec, abort.signal));

        if (error) assert.ok(isAbort(error), String(error));
        await Promise.all(children.map(exited));
        assertWhole(remotePath);
      }
    });

    it("can be canceled while a sandbox does not accept a big file", async () => {
      const big = build(folder(), { big: file(randomBytes(50_000_000)) });
      const remotePath = folder();
      const abort = new AbortController();
      const children: ChildProcess[] = [];
      const exec: Exec = async (argv) => {
        const process = await localExec({}, (child) => children.push(child))(argv);
        let writes = 0;
        return {
          ...process,
          write: (bytes) => {
            writes += 1;
            if (writes < 4) return process.write(bytes);
            abort.abort();
            return new Promise(() => undefined);
          },
        };
      };

      const error = await failure(push(big, remotePath, exec, abort.signal));

      assert.ok(isAbort(error));
      await Promise.all(children.map(exited));
      assert.deepEqual(readdirSync(remotePath), []);
    });

    it("reports the gateway's message when a write fails and the sandbox no longer answers", async function () {
      this.timeout(10_000);
      const gone = new UserError("The sandbox is gone. Start another.");
      const exec: Exec = () =>
        Promise.resolve({
          write: () => Promise.reject(gone),
          closeInput: () => Promise.reject(gone),
          output: new Promise(() => undefined),
          exitCode: new Promise(() => undefined),
        });
      assert.equal(await failure(push(fresh, folder(), exec)), gone);
    });

    it("does not start if it was canceled before", async () => {
      const exec = () => assert.fail("nothing may be started");
      const signal = AbortSignal.abort();
      assert.ok(isAbort(await failure(push(fresh, folder(), exec, signal))));
    });

    it("leaves complete files when its process in the sandbox is killed", async () => {
      for (let delayMs = 0; delayMs <= 200; delayMs += 20) {
        const remotePath = await pushOld();
        const killLater = (child: ChildProcess) => {
          setTimeout(() => {
            if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
          }, delayMs);
        };
        const exec = localExec({ detached: true }, killLater);
        const error = await failure(push(fresh, remotePath, exec));
        assert.ok(error === undefined || error instanceof UserError, String(error));

        // The files that the dead receiver staged do not block the next push, which removes them.
        await push(old, remotePath, localExec());
        assertWhole(remotePath);
        assert.deepEqual(listTree(remotePath), listTree(old));
      }
    });

    it("removes what a killed cp left, and nothing with a similar name", async () => {
      const remotePath = await pushOld();
      const staged = join(remotePath, ".modal-push-4194305", "tree", "d1");
      build(staged, { f1: file("fresh"), CuSent12: file("sent") });
      linkSync(join(staged, "f1"), join(remotePath, "d1", "CuAb12cd"));
      linkSync(join(staged, "CuSent12"), join(remotePath, "d1", "CuSent12"));
      build(join(remotePath, "d1"), { CuUser12: file("of a person") });
      await push(fresh, remotePath, localExec());
      const left = readdirSync(join(remotePath, "d1")).filter((name) => name.startsWith("Cu"));
      assert.deepEqual(left.sort(), ["CuSent12", "CuUser12"]);
    });

    async function streamLength(version: string): Promise<number> {
      let length = 0;
      const exec: Exec = async (argv) => {
        const process: RemoteProcess = await localExec()(argv);
        return {
          ...process,
          write: (bytes) => {
            length += bytes.length;
            return process.write(bytes);
          },
        };
      };
      await push(version, folder(), exec);
      return length;
    }
  });

describe("an impossible push", () => {
  const folder = temporaryFolders();
  const root = build(folder(), { "a.txt": file(Buffer.alloc(3_000_000)) });
  const attempt = async (options: { root?: string; remotePath?: string; exec?: Exec }): Promise<string> => {
    const given = { root, remotePath: folder(), exec: localExec(), signal: never, ...options };
    const error = await failure(pushOnce(given));
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  };

  it("names the reason if the local folder is gone, a file, or the home folder", async () => {
    assert.match(await attempt({ root: join(root, "nope") }), /does not exist/);
    assert.match(await attempt({ root: join(root, "a.txt") }), /isn't a folder/);
    assert.match(await attempt({ root: process.env.HOME ?? "/root" }), /home folder/);
    assert.match(await attempt({ root: "/" }), /home folder/);
  });

  it("names the reason if the image has no tar", async () => {
    const bin = folder();
    for (const tool of ["sh", "mkdir", "rm", "chmod"])
      symlinkSync(spawnSync("which", [tool], { encoding: "utf8" }).stdout.trim(), join(bin, tool));
    assert.match(await attempt({ exec: localExec({ env: { PATH: bin } }) }), /needs tar/);
  });

  it("names the reason if the target cannot be written", async () => {
    assert.match(await attempt({ remotePath: join(root, "a.txt/below") }), /cannot be written \(mkdir: /);
    assert.match(await attempt({ remotePath: join(root, "a.txt") }), /cannot be written/);
  });

  it("names the reason if the sandbox's user may not use the target", async () => {
    const remotePath = folder();
    chmodSync(remotePath, 0o555);
    const exec = localExec(isRoot ? { uid: 65534, cwd: "/" } : {});
    assert.match(await attempt({ remotePath, exec }), /Permission denied/);
  });

  it("names the reason if the disk is full, and leaves nothing behind", async function () {
    const remotePath = folder();
    const unmount = mountTmpfs(this, "size=1m", remotePath);
    try {
      assert.match(await attempt({ remotePath }), /no space left/);
      assert.deepEqual(readdirSync(remotePath), []);
    } finally {
      unmount();
    }
  });

  it("names the reason if the sandbox stops during the push", async () => {
    const exec = localExec({}, (child) => child.stdin?.once("drain", () => child.kill("SIGKILL")));
    assert.match(await attempt({ exec }), /stopped during the push/);
  });
});

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Returns the error that the work rejected with. */
const failure = (work: Promise<unknown>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );

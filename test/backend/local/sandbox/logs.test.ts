import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Sandbox } from "modal";
import { generations, useLocalBackend } from "../../support/fixture";

async function all<T extends { message: string }>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

const messages = async (entries: AsyncIterable<{ message: string }>) =>
  (await all(entries)).map(({ message }) => message);

for (const { generation, gpu } of generations)
  describe(`the logs of a sandbox of generation ${generation}`, function () {
    this.timeout(60_000);
    const local = useLocalBackend();
    const lastMinute = () => ({ since: new Date(Date.now() - 60_000) });

    const runs = async (script: string): Promise<Sandbox> => {
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", script] });
      await sandbox.wait();
      return sandbox;
    };
    // A sandbox that requests a GPU first prints that there is none.
    const own = (lines: readonly string[]) => lines.filter((line) => !line.startsWith("local backend:"));

    it("contain the command's output line by line, also after its end", async () => {
      const sandbox = await runs("printf 'one\\ntwo\\nrest'; echo wrong >&2");
      for (const entries of [sandbox.logs.tail(), sandbox.logs.fetch(lastMinute())]) {
        const found = (await all(entries)).filter(({ message }) => !message.startsWith("local backend:"));
        const of = (wanted: string) => found.filter(({ source }) => source === wanted).map(({ message }) => message);
        assert.deepEqual(of("stdout"), ["one\n", "two\n", "rest"]);
        assert.deepEqual(of("stderr"), ["wrong\n"]);
        for (const { timestamp, objectId } of found) {
          assert.ok(Math.abs(Date.now() - timestamp.getTime()) < 30_000);
          assert.equal(objectId, sandbox.sandboxId);
        }
      }
    });

    it("can be limited to the last lines, one stream, a search string, or a time", async () => {
      const sandbox = await runs("for i in $(seq 1 500); do echo line $i; done; echo oops >&2");
      assert.deepEqual(await messages(sandbox.logs.tail({ entries: 2, source: "stdout" })), [
        "line 499\n",
        "line 500\n",
      ]);
      assert.deepEqual(await messages(sandbox.logs.fetch({ ...lastMinute(), source: "stderr" })), ["oops\n"]);
      assert.deepEqual(await messages(sandbox.logs.fetch({ ...lastMinute(), searchText: "line 42" })), [
        "line 42\n",
        ...Array.from({ length: 10 }, (_, i) => `line 42${i}\n`),
      ]);
      assert.equal(own(await messages(sandbox.logs.fetch(lastMinute()))).length, 501);
      const before = { since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() - 1_800_000) };
      assert.deepEqual(await messages(sandbox.logs.fetch(before)), []);
    });

    it("keep the end of an output that is too long", async () => {
      const sandbox = await runs("seq 1 100000");
      const last = await messages(sandbox.logs.tail({ entries: 20_000 }));
      assert.equal(last.length, 20_000);
      assert.equal(last.at(-1), "100000\n");
      assert.equal(last[0], "80001\n");
    });

    it("are available while it runs, without the output of execs", async () => {
      const sandbox = await local.create({ ...gpu, command: ["sh", "-c", "echo up; sleep 60"] });
      const exec = await sandbox.exec(["echo", "from an exec"]);
      await exec.wait();
      const found = new Set<string>();
      while (!found.has("up\n")) for (const line of await messages(sandbox.logs.tail())) found.add(line);
      assert.deepEqual(own([...found]), ["up\n"]);
    });
  });

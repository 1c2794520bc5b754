import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { ClientError, Status } from "nice-grpc";
import type { LogEntry, ModalClient } from "modal";
import { createClient, startLocalBackend, type LocalBackend } from "../support/localBackend";
import { eventually } from "../support/processes";

const TEXT = `
import datetime, os, time
from shared import GREETING

def greet(name, *, mark="."):
    return GREETING + name + mark

def echo(value):
    return value

def kinds():
    return [None, True, -1, 2**40, -2**70, 0.5, "ä", b"\\x00\\xff", {"a": {"b": [1]}}, {1, 2},
            datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)]

def python_kinds(*values):
    return [type(value).__name__ for value in values]

def fail(reason):
    raise ValueError(reason)

def leave():
    os._exit(3)

def environment(name):
    return os.environ.get(name)

def process():
    return os.getpid(), os.getcwd()

def nap(seconds):
    print("napping")
    time.sleep(seconds)
    return seconds

async def later():
    return "later"

def count():
    yield 1

def unreturnable():
    return object()

def _private():
    return 1
`;

const CLASSES = `
class Counter:
    def __init__(self):
        self.count = 0
    def add(self, amount):
        self.count += amount
        return self.count

class Greeter:
    greeting: str = "hello"
    times: int
    loud: bool = False
    data: bytes = b"default"
    def greet(self, name):
        text = " ".join([self.greeting + " " + name] * self.times)
        return [text.upper() if self.loud else text, self.data]
`;

const FOR_MODAL = `
import modal
from modal import App, Secret

app = App("cloud", image=modal.Image.debian_slim().pip_install("numpy").env({"A": "b"}))
volume = modal.Volume.from_name("data", create_if_missing=True)

with app.image.imports():
    import json

@app.function(gpu="T4", secrets=[Secret.from_name("s")], volumes={"/data": volume}, schedule=modal.Period(days=1))
@modal.concurrent(max_inputs=3)
def double(number):
    return 2 * number

@app.function()
def reload():
    volume.reload()

@app.cls(min_containers=1)
class Model:
    name: str = modal.parameter(default="base")
    size: int = modal.parameter()

    @modal.enter()
    def load(self):
        self.loaded = "%s of %d" % (self.name, self.size)

    @modal.method()
    def describe(self):
        return self.loaded

@app.function()
@modal.fastapi_endpoint(method="POST")
def sum_up(item: dict, times: int = 1, exact: bool = False):
    return {"sum": sum(item["numbers"]) * times, "exact": exact}

@app.function()
@modal.asgi_app()
def server():
    return None
`;

describe("deployed functions", function () {
  this.timeout(60_000);
  let state = "";
  let backend: LocalBackend;
  let modal: ModalClient;

  before(async () => {
    state = await mkdtemp(join(tmpdir(), "functions-"));
    await mkdir(join(state, "functions", "text"), { recursive: true });
    await mkdir(join(state, "functions", "broken"));
    await mkdir(join(state, "functions", "cloud"));
    await writeFile(join(state, "functions", "cloud", "app.py"), FOR_MODAL);
    await writeFile(join(state, "functions", "text", "text.py"), TEXT);
    await writeFile(join(state, "functions", "text", "shared.py"), 'GREETING = "hello "\n');
    await writeFile(join(state, "functions", "text", "classes.py"), CLASSES);
    await writeFile(join(state, "functions", "broken", "broken.py"), "def f(:\n");
    await writeFile(join(state, "functions", "broken", "unloadable.py"), "import nothing_of_the_kind\ndef g(): pass\n");
    backend = await startLocalBackend({ arguments: ["--state", state] });
    modal = createClient(backend);
  });
  after(async () => {
    modal.close();
    await backend.stop();
    await rm(state, { recursive: true, force: true });
  });

  const named = (name: string, app = "text") => modal.functions.fromName(app, name);
  const remote = async (name: string, ...args: unknown[]): Promise<unknown> => (await named(name)).remote(args);

  it("are found by name, except private ones and those of other apps", async () => {
    assert.match((await named("greet")).functionId, /^fu-/);
    for (const [app, name] of [
      ["text", "_private"],
      ["text", "nothing"],
      ["nowhere", "greet"],
    ] as const)
      await assert.rejects(named(name, app), { name: "NotFoundError", message: `Function '${app}/${name}' not found` });
    assert.equal(await (await named("greet")).getWebUrl(), undefined);
    const again = await modal.functions.fromId((await named("greet")).functionId);
    assert.equal(await again.remote(["you"]), "hello you.");
  });

  it("create an app that lists them", async () => {
    const app = await modal.apps.fromName("text");
    const { functions } = await app.info();
    assert.equal(functions.greet, (await named("greet")).functionId);
    assert.ok("Counter.*" in functions);
  });

  it("accept positional and keyword arguments, and can import other files of their app", async () => {
    const greet = await named("greet");
    assert.equal(await greet.remote(["Modal"]), "hello Modal.");
    assert.equal(await greet.remote([], { name: "Modal", mark: "!" }), "hello Modal!");
  });

  it("return the values that they were given", async () => {
    const values = [
      null,
      true,
      0,
      -1,
      255,
      65_536,
      2 ** 40,
      -(2 ** 31),
      0.1,
      1e300,
      123_456_789_012_345_678n,
      "",
      "äöü 🙂",
      "x".repeat(70_000),
      [],
      [[1, [2, [3]]]],
      { a: { b: { c: [1, "two", null] } } },
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i])),
      new Date("2026-11-21T08:00:00.500Z"),
    ];
    for (const value of values) assert.deepEqual(await remote("echo", value), value);
    assert.deepEqual(
      Buffer.from((await remote("echo", new Uint8Array([0, 255]))) as Uint8Array),
      Buffer.from([0, 255]),
    );
  });

  it("accept and return every kind of value that CBOR supports", async () => {
    const [nothing, yes, minus, large, huge, half, text, bytes, nested, set, time] = (await remote(
      "kinds",
    )) as unknown[];
    assert.deepEqual([nothing, yes, minus, large, half, text], [null, true, -1, 2n ** 40n, 0.5, "ä"]);
    assert.equal(huge, -(2n ** 70n));
    assert.deepEqual([...(bytes as Uint8Array)], [0, 255]);
    assert.deepEqual(nested, { a: { b: [1] } });
    assert.deepEqual(new Set(set as Iterable<number>), new Set([1, 2]));
    assert.deepEqual(time, new Date("2026-01-02T00:00:00Z"));
    assert.deepEqual(
      await remote(
        "python_kinds",
        1,
        0.5,
        "x",
        new Uint8Array(1),
        null,
        undefined,
        [],
        {},
        true,
        2n ** 60n,
        new Date(),
      ),
      ["int", "float", "str", "bytes", "NoneType", "NoneType", "list", "dict", "bool", "int", "datetime"],
    );
  });

  it("accept and return values that are too large for a message", async () => {
    const data = new Uint8Array(5 * 1024 * 1024).map((_, i) => i % 251);
    assert.equal(Buffer.compare(Buffer.from((await remote("echo", data)) as Uint8Array), Buffer.from(data)), 0);
    const spawned = await (await named("echo")).spawn(["y".repeat(20_000)]);
    assert.equal(((await spawned.get()) as string).length, 20_000);
  });

  it("report an exception with the lines that raised it", async () => {
    await assert.rejects(remote("fail", "no way"), (error: Error) => {
      assert.equal(error.name, "RemoteError");
      assert.match(error.message, /^Remote error: ValueError\('no way'\)\nTraceback/);
      assert.match(error.message, /text\.py", line \d+, in fail\n {4}raise ValueError\(reason\)/);
      assert.doesNotMatch(error.message, /<string>/);
      return true;
    });
    await assert.rejects(remote("greet"), { name: "RemoteError", message: /missing 1 required positional argument/ });
    await assert.rejects(remote("unreturnable"), { name: "RemoteError", message: /type object cannot be returned/ });
    await assert.rejects(remote("leave"), { name: "RemoteError", message: /ended with exit code 3/ });
    assert.equal(await remote("greet", "again"), "hello again.");
  });

  it("report why a file cannot be read or loaded", async () => {
    await assert.rejects(
      named("f", "broken"),
      (error) =>
        error instanceof ClientError &&
        error.code === Status.FAILED_PRECONDITION &&
        error.details.includes("broken.py: invalid syntax"),
    );
    const unloadable = await named("g", "broken");
    await assert.rejects(unloadable.remote(), {
      name: "RemoteError",
      message: /No module named 'nothing_of_the_kind'/,
    });
  });

  it("may be asynchronous, but cannot be generators", async () => {
    assert.equal(await remote("later"), "later");
    await assert.rejects(
      remote("count"),
      (error) =>
        error instanceof ClientError && error.code === Status.UNIMPLEMENTED && error.details.includes("generator"),
    );
  });

  it("stay loaded between calls, and run concurrently", async () => {
    const first = await remote("process");
    assert.deepEqual(await remote("process"), first);
    const nap = await named("nap");
    assert.deepEqual(await nap.getCurrentStats(), { backlog: 0, numTotalRunners: 0 });
    const calls = await Promise.all([nap.spawn([0.1]), nap.spawn([0.2]), nap.spawn([0.3])]);
    assert.deepEqual(await nap.getCurrentStats(), { backlog: 0, numTotalRunners: 3 });
    assert.deepEqual(await Promise.all(calls.map((call) => call.get())), [0.1, 0.2, 0.3]);
  });

  it("wait for each other if the autoscaler may not start more", async () => {
    const echo = await (await named("nap")).withOptions({ timeoutMs: 60_000 }).instance();
    await echo.updateAutoscaler({ maxContainers: 1 });
    const calls = [await echo.spawn([0.1]), await echo.spawn([0.2])];
    assert.deepEqual(await echo.getCurrentStats(), { backlog: 1, numTotalRunners: 1 });
    assert.deepEqual(await Promise.all(calls.map((call) => call.get())), [0.1, 0.2]);
  });

  it("can be spawned, awaited with a limit, looked up again and canceled", async () => {
    const nap = await named("nap");
    const call = await nap.spawn([0.3]);
    await assert.rejects(call.get({ timeoutMs: 20 }), /Timeout exceeded/);
    const same = await modal.functionCalls.fromId(call.functionCallId);
    assert.equal(await same.get(), 0.3);
    assert.equal(await call.get(), 0.3);

    const long = await nap.spawn([600]);
    await long.cancel();
    await assert.rejects(long.get(), { name: "RemoteError", message: /canceled/ });
    await assert.rejects(
      modal.functionCalls.fromId("fc-unknown"),
      (error) => error instanceof ClientError && error.code === Status.NOT_FOUND,
    );
  });

  it("fail when their timeout is up", async () => {
    const short = await (await named("nap")).withOptions({ timeoutMs: 1000 }).instance();
    await assert.rejects(short.remote([60]), { name: "FunctionTimeoutError" });
    assert.equal(await short.remote([0]), 0);
  });

  it("see the secrets and the environment of their options, but no credentials of the host", async () => {
    const secrets = [await modal.secrets.fromObject({ TOKEN: "secret" })];
    const withSecrets = await (await named("environment")).withOptions({ secrets, env: { PLACE: "here" } }).instance();
    assert.equal(await withSecrets.remote(["TOKEN"]), "secret");
    assert.equal(await withSecrets.remote(["PLACE"]), "here");
    assert.equal(await remote("environment", "TOKEN"), null);
  });

  it("keep the object of a class between calls of its methods", async () => {
    const counter = await (await modal.cls.fromName("text", "Counter")).instance();
    assert.equal(await counter.method("add").remote([2]), 2);
    assert.equal(await counter.method("add").remote([3]), 5);
    assert.throws(() => counter.method("remove"), { name: "NotFoundError" });
    await assert.rejects(modal.cls.fromName("text", "Nothing"), { name: "NotFoundError" });
  });

  it("construct the object of a class with the parameters of the caller", async () => {
    const cls = await modal.cls.fromName("text", "Greeter");
    const call = async (parameters: Record<string, unknown>) => {
      const [text, data] = (await (await cls.instance(parameters)).method("greet").remote(["you"])) as [
        string,
        Uint8Array,
      ];
      return [text, Buffer.from(data).toString()];
    };
    assert.deepEqual(await call({ times: 2 }), ["hello you hello you", "default"]);
    const all = { greeting: "hi", times: 1, loud: true, data: new Uint8Array([65]) };
    assert.deepEqual(await call(all), ["HI YOU", "A"]);
    await assert.rejects(cls.instance({ times: "two" }), /'times' must be an integer/);
  });

  it("are read from a file that was written for Modal, and the declarations in it have no effect here", async () => {
    assert.equal(await (await named("double", "cloud")).remote([21]), 42);
    const model = await modal.cls.fromName("cloud", "Model");
    assert.equal(await (await model.instance({ size: 3 })).method("describe").remote(), "base of 3");
    assert.equal(await (await model.instance({ name: "big", size: 4 })).method("describe").remote(), "big of 4");
    await assert.rejects((await named("reload", "cloud")).remote(), {
      name: "RemoteError",
      message: /modal\.Volume\.from_name\.reload: a deployed function of the local backend cannot use Modal/,
    });
  });

  it("answer at their address if they are web endpoints, but not when a client calls them", async () => {
    const endpoint = await named("sum_up", "cloud");
    const url = (await endpoint.getWebUrl()) ?? "";
    const post = async (query: string, body: unknown) => {
      const response = await fetch(url + query, { method: "POST", body: JSON.stringify(body) });
      return [response.status, await response.json()] as const;
    };
    assert.deepEqual(await post("?times=3&exact=true", { numbers: [1, 2] }), [200, { sum: 9, exact: true }]);
    const [status, { detail }] = (await post("", {})) as [number, { detail: string }];
    assert.deepEqual([status, detail], [500, "KeyError('numbers')"]);
    await assert.rejects(endpoint.remote([{}]), {
      name: "InvalidError",
      message: /webhook Function cannot be invoked/,
    });

    const tooLong = await fetch(url, { method: "POST", body: Buffer.alloc(64 * 1024 * 1024 + 1) });
    assert.equal(tooLong.status, 413);

    const server = await fetch((await (await named("server", "cloud")).getWebUrl()) ?? "");
    assert.equal(server.status, 501);
    const function_ = await fetch(url.replace(/[^/]+$/, (await named("greet")).functionId));
    assert.equal(function_.status, 404);
  });

  it("keep their output by function and by call", async () => {
    const nap = await named("nap");
    const call = await nap.spawn([0]);
    await call.get();
    const messages = async (entries: AsyncIterable<LogEntry>) => {
      const all: string[] = [];
      for await (const { message } of entries) all.push(message);
      return all;
    };
    assert.ok(await eventually(async () => (await messages(call.logs.fetch())).join("") === "napping\n"));
    assert.deepEqual(await messages(call.logs.stream()), ["napping\n"]);
    assert.equal((await messages(nap.logs.tail({ entries: 1 }))).at(-1), "napping\n");
    const greet = await named("greet");
    assert.deepEqual(await messages(greet.logs.tail()), []);

    const following = nap.logs.stream()[Symbol.asyncIterator]();
    const next = following.next();
    while (!(await Promise.race([next, nap.remote([0]).then(() => undefined)])));
    assert.equal(((await next).value as LogEntry).message, "napping\n");
    await following.return?.();
  });

  it("report statistics of their calls", async () => {
    const fail = await (await named("fail")).withOptions({ timeoutMs: 60_000 }).instance();
    const since = new Date();
    await assert.rejects(fail.remote(["once"]));
    const stats = await fail.stats({ since, until: new Date(Date.now() + 1) });
    assert.deepEqual([stats.inputSuccessCount, stats.inputFailureCount, stats.inputRunningAtEndCount], [0, 1, 0]);
    const { info } = await modal.cpClient.functionCallGetInfo({
      functionCallId: (await (await named("nap")).spawn([0])).functionCallId,
    });
    assert.equal(info?.totalInputs, 1);
    await assert.rejects(
      fail.metrics.schema(),
      (error) => error instanceof ClientError && error.code === Status.UNIMPLEMENTED,
    );
  });

  it("get a new version when their file changes", async () => {
    const file = join(state, "functions", "text", "changing.py");
    await writeFile(file, "def version(): return 1\n");
    const first = await named("version");
    assert.equal(await first.remote(), 1);
    await writeFile(file, "def version(): return 2\n");
    assert.equal(await (await named("version")).remote(), 2);
    assert.equal(await first.remote(), 1);
  });
});

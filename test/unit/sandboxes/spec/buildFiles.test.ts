import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import { seededRandom } from "../../../../src/local/faults/seededRandom";
import { SEED, seeded } from "../../../support/seed";
import { buildFileReader, madeFrom } from "../../../../src/sandboxes/spec/buildFiles";
import { requirementsFiles } from "../../../../src/sandboxes/spec/requirements";
import { resolveSpec } from "../../../../src/sandboxes/spec/resolveSpec";
import type { ImageSource } from "../../../../src/sandboxes/spec/specDefinition";
import { readDefinition } from "../../../../src/sandboxes/spec/writtenSpec";

const PRIVATE = "PRIVATE-KEY-OF-THE-USER";

describe("the files that an image is built from", function () {
  this.timeout(30_000);
  let base: string;
  let folder: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "build-"));
    folder = join(base, "home/project");
    write("../.ssh/id_rsa", PRIVATE);
    write("../notes.txt", PRIVATE);
    write("../elsewhere/requirements.txt", PRIVATE);
    write(".env", `TOKEN=${PRIVATE}`);
    write(".git/config", PRIVATE);
    write("keys/server.pem", PRIVATE);
  });
  afterEach(() => rmSync(base, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const link = (target: string, path: string) => symlinkSync(target, join(folder, path));
  const read = (path: string) => buildFileReader(folder)(path, madeFrom(path));
  const requirements = () => requirementsFiles("requirements.txt", buildFileReader(folder));
  const isRefused = (start: string) => (error: unknown) =>
    error instanceof UserError && error.message.startsWith(start) && !error.message.includes(PRIVATE);

  it("are read inside the folder, also through links that stay in it or if the folder itself is a link", async () => {
    write("deploy/base.txt", "numpy");
    link("deploy/base.txt", "requirements.txt");
    link("project", "../alias");
    assert.equal(await read("requirements.txt"), "numpy");
    assert.equal(await buildFileReader(join(base, "home/alias"))("deploy/base.txt", madeFrom("")), "numpy");
    assert.equal(await read("nowhere.txt"), undefined);
    assert.equal(await read("deploy/base.txt/nowhere.txt"), undefined);
  });

  for (const line of [
    "-r ../notes.txt",
    "-r../notes.txt",
    "-c ../../home/notes.txt",
    "--requirement ../notes.txt",
    "--requirement=../notes.txt",
    "--requirem ../notes.txt",
    "--constraint '../notes.txt'",
    "--cons=../notes.txt",
    "--pre -r ../notes.txt  # harmless",
    "-r deploy/../../notes.txt",
    "-r \\\n../notes.txt",
    "-r /etc/passwd",
    "-r file:///etc/passwd",
    "-r ~/notes.txt",
    "-r C:/Users/me/notes.txt",
    "-r ..\\notes.txt",
  ])
    it(`are not read outside the folder: ${JSON.stringify(line)}`, async () => {
      write("requirements.txt", `numpy\n# a comment \\\n${line}\nscipy\n`);
      await assert.rejects(requirements(), isRefused("requirements.txt:3 includes "));
      await assert.rejects(requirements(), /, which is outside the folder\. Copy the file into the folder/);
    });

  it("name the line and the file that it includes if that is refused", async () => {
    write("requirements.txt", "numpy\n-r deploy/more.txt\n");
    write("deploy/more.txt", "\n\n-r ../../.ssh/id_rsa\n");
    await assert.rejects(requirements(), {
      message:
        "deploy/more.txt:3 includes ../../.ssh/id_rsa, which is outside the folder. Copy the file into the folder and refer to the copy.",
    });
    write("deploy/more.txt", "scipy\r\n-c limits.txt\r\n");
    await assert.rejects(requirements(), {
      message:
        "deploy/more.txt:2 includes limits.txt, which doesn't exist in this folder. Create it, or remove the line.",
    });
    write("deploy/more.txt", "-r ${HOME}/notes.txt\n");
    await assert.rejects(
      requirements(),
      isRefused("deploy/more.txt:1 includes ${HOME}/notes.txt, but this machine's variables"),
    );
  });

  it("are refused with a button that opens the file with the line", async () => {
    write("deploy/requirements.txt", "-r ../../secret.txt\n");
    const error: unknown = await requirementsFiles("deploy/requirements.txt", buildFileReader(folder)).catch(
      (refused: unknown) => refused,
    );
    assert.ok(error instanceof UserError);
    assert.deepEqual(error.actions, [
      {
        title: "Open requirements.txt",
        command: "vscode.open",
        arguments: [pathToFileURL(join(folder, "deploy/requirements.txt")).href],
      },
    ]);
  });

  it("are left to pip if they have a URL", async () => {
    write("requirements.txt", "-r https://example.com/base.txt\n-c HTTP://example.com/limits.txt\n-r more.txt");
    write("more.txt", "numpy");
    assert.deepEqual([...(await requirements()).keys()], ["requirements.txt", "more.txt"]);
  });

  for (const line of ["-e ../lib", "-e../lib", "--editable ../lib", "lib @ file:///srv/lib", "~/lib", "-e \\\n../lib"])
    it(`install no local folder: ${JSON.stringify(line)}`, async () => {
      write("requirements.txt", `numpy\n${line}\n`);
      await assert.rejects(requirements(), isRefused("requirements.txt:2 installs from the folder itself"));
    });

  for (const [target, path, reason] of [
    ["../notes.txt", "requirements.txt", "which links to a file outside the folder"],
    ["../elsewhere", "deploy", "which links to a file outside the folder"],
    ["/etc/passwd", "requirements.txt", "which links to a file outside the folder"],
    [".env", "requirements.txt", 'which may hold secrets, judging by the name ".env"'],
    ["keys/server.pem", "requirements.txt", 'which may hold secrets, judging by the name "server.pem"'],
    [".git/config", "requirements.txt", 'which may hold secrets, judging by the name ".git"'],
    ["requirements.txt", "requirements.txt", "which links to itself"],
    ["/dev/zero", "requirements.txt", "which links to a file outside the folder"],
  ] as const)
    it(`are not read through a link to ${target}`, async () => {
      link(target, path);
      const named = path === "deploy" ? "deploy/requirements.txt" : path;
      await assert.rejects(read(named), isRefused(`The image is made from ${named}, ${reason}. `));
    });

  it("are not read outside the folder even if a folder on the way becomes a link at that moment", async () => {
    write("sub/notes.txt", "numpy");
    link("..", "elsewhere");
    const swapper = new Worker(
      `const { renameSync } = require("node:fs");
      const { join } = require("node:path");
      const { parentPort, workerData } = require("node:worker_threads");
      let isOver = false;
      parentPort.once("message", () => { isOver = true; });
      const swap = () => {
        for (let count = 0; count < 200; count++) {
          for (const [from, to] of [["sub", "kept"], ["elsewhere", "sub"], ["sub", "elsewhere"], ["kept", "sub"]])
            renameSync(join(workerData, from), join(workerData, to));
        }
        if (isOver) parentPort.close();
        else setImmediate(swap);
      };
      swap();
      parentPort.postMessage("begun");`,
      { eval: true, workerData: folder },
    );
    await once(swapper, "message");
    try {
      for (let count = 0; count < 500; count++) {
        const text = await read("sub/notes.txt").catch((error: unknown) => error);
        assert.ok(text === undefined || text === "numpy" || text instanceof Error, String(text));
      }
    } finally {
      swapper.postMessage("enough");
      await once(swapper, "exit");
    }
  });

  it("are regular files: neither a pipe nor a folder blocks the build", async () => {
    execFileSync("mkfifo", [join(folder, "pipe.txt")]);
    for (const path of ["pipe.txt", "keys"])
      await assert.rejects(read(path), isRefused(`The image is made from ${path}, which isn't a regular file.`));
  });

  it("are limited to 5 MB together", async () => {
    write("requirements.txt", `-r more.txt\n${"#".repeat(2_500_000)}`);
    write("more.txt", "#".repeat(2_400_000));
    assert.equal((await requirements()).size, 2);
    write("more.txt", "#".repeat(2_600_000));
    await assert.rejects(
      requirements(),
      isRefused("requirements.txt:1 includes more.txt, which makes the image's files larger than 5 MB."),
    );
  });

  it("are named by the settings only inside the folder, and never a file that may contain secrets", async () => {
    const resolve = async (image: unknown) => {
      const defaults = { gpu: undefined, gpuFallback: [], cpu: 1, memoryMiB: 512, timeoutMs: 60_000, env: {} };
      const rest = { idleTimeoutMs: 60_000, ports: [], volumes: [], secrets: [], regions: [], packages: [] };
      const base = { ...defaults, ...rest, aptPackages: [], network: { kind: "open" } } as const;
      const registry: ImageSource = { kind: "registry", reference: "python:3.12-slim" };
      return resolveSpec(readDefinition({ image }, "The settings", { ...base, image: registry }), folder);
    };
    const secret = /^UserError: The image is made from \S+, which may hold secrets/;
    for (const kind of ["requirements", "pyproject", "dockerfile"])
      for (const path of [".env", "./.env", "keys/server.pem", ".git/config", "keys/../.env"])
        await assert.rejects(resolve({ [kind]: path }), path.includes("..") ? /"image" must be/ : secret, path);
    for (const image of ["./../notes.txt", "/etc/passwd.txt", { requirements: "../notes.txt" }, { dockerfile: "/x" }])
      await assert.rejects(resolve(image), /^UserError: The settings: "image" must be/);
    for (const image of [{ requirements: "a\\b" }, { requirements: "a\nRUN x" }, { dockerfile: "C:/x" }])
      await assert.rejects(resolve(image), /^UserError: The settings: "image" must be/);
    write("app/pyproject.toml", "[project]");
    link("../../elsewhere/requirements.txt", "app/uv.lock");
    await assert.rejects(
      resolve({ pyproject: "app/pyproject.toml" }),
      /made from app\/uv\.lock, which links to a file outside/,
    );
  });

  it(seeded("never contain what a hostile folder includes or links to from elsewhere"), async () => {
    const random = seededRandom(SEED);
    const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? "";
    write("sub/ok.txt", "scipy");
    link("..", "up");
    link("../..", "sub/upper");
    link(".", "sub/here");
    link("../../.ssh/id_rsa", "sub/key.txt");
    link("sub/key.txt", "twice.txt");
    const steps = ["..", ".", "sub", "up", "sub/upper", "sub/here", "home", "project", "elsewhere", ".ssh", "", base];
    const ends = ["notes.txt", "id_rsa", ".env", "requirements.txt", "ok.txt", "key.txt", "twice.txt", "config"];
    const options = [
      "-r ",
      "-r",
      "-c ",
      "--requirement=",
      "--constraint ",
      "--requirem ",
      "--pre -r ",
      "-r \\\n",
      "-e ",
    ];
    const prefixes = ["", "", "./", "/", "~/", "file://", "${HOME}/", base, folder, ".git/"];
    let successes = 0;
    for (let round = 0; round < 300; round++) {
      const middle = Array.from({ length: Math.floor(random() * 4) }, () => `${pick(steps)}/`).join("");
      const quote = pick(["", "", "'", '"']);
      const hostile = `numpy\n${pick(options)}${quote}${pick(prefixes)}${middle}${pick(ends)}${quote}\n`;
      const text = round === 0 ? "numpy\n-r sub/ok.txt\n" : hostile;
      write("requirements.txt", text);
      const found = await requirements().catch((error: unknown) => error);
      const place = `round ${round}: ${JSON.stringify(text)}`;
      if (found instanceof Map) {
        successes++;
        assert.ok(!JSON.stringify([...found]).includes(PRIVATE), place);
      } else assert.ok(found instanceof UserError && !found.message.includes(PRIVATE), `${place}: ${String(found)}`);
    }
    assert.ok(successes > 0);
  });
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { STATE_FOLDER } from "../../../src/base/stateFolder";
import { launchers } from "../../../src/run/target/launchers";
import { logFolder } from "../../../src/run/program/supervisor";
import type { RunTarget } from "../../../src/run/target/target";
import { isRoot, skipForRoot } from "../../support/skip";
import { startLocalBackend } from "../support/localBackend";
import { exitCodeOf, fileTarget, Screen as RunScreen, spec } from "../support/services";
import { Screen as ShellScreen } from "../support/shellScreen";
import { useWindows } from "../support/windows";

const OTHER_USER = 64_321;

const compiler =
  '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n{ echo "#!/bin/sh"; cat "$3"; } >"$2"; chmod +x "$2"\n';

describe("sandboxes without isolation, on a machine where another user has run sandboxes", function () {
  this.timeout(60_000);
  before(function () {
    if (!isRoot) skipForRoot(this, "a backend that another user starts");
  });
  const windows = useWindows({ arguments: ["--isolation", "directory"], uid: OTHER_USER });
  let isOurs = false;

  before(async () => {
    isOurs = (await mkdir(STATE_FOLDER, { recursive: true, mode: 0o700 })) !== undefined;
  });
  after(async () => {
    if (isOurs) await rm(STATE_FOLDER, { recursive: true });
  });

  it("store nothing in the other user's state folder", async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "foreign-state-"));
    await chmod(stateDir, 0o777);
    const starting = startLocalBackend({ uid: OTHER_USER, arguments: ["--state", stateDir] });
    await assert.rejects(starting, /The state folder .*foreign-state-.* belongs to another user/);
    await rm(stateDir, { recursive: true });
  });

  async function run(target: RunTarget) {
    const { runs } = windows.services;
    const [only] = runs.start({ target, folder: windows.folder, remotePath: "/workspace", specs: [spec()] });
    assert.ok(only);
    const screen = new RunScreen(only);
    return { id: only.id, exitCode: await exitCodeOf(only), text: screen.text, errorText: screen.errorText, screen };
  }

  it("run a file and pull its output", async () => {
    await windows.write("main.sh", "echo ran; echo made >made.txt");
    const { id, exitCode, text, errorText, screen } = await run(fileTarget("main.sh"));
    assert.deepEqual([exitCode, text, errorText], [0, "ran\n", ""]);
    assert.match(screen.steps.at(-1) ?? "", /^Pulled 1 file/);
    assert.ok(!existsSync(logFolder(id)));
  });

  it("run a program from outside the folder, and one that has to be compiled first", async () => {
    const loose = { ...fileTarget("x.sh"), file: { kind: "loose" as const, name: "x.sh", content: "echo loose" } };
    assert.equal((await run(loose)).text, "loose\n");

    await windows.write("add.cu", "echo compiled $1\n");
    const { argv, ...rest } = fileTarget("add.cu", launchers.cuda);
    const setUp = `mkdir -p bin; printf '%s' "$COMPILER" >bin/nvcc; chmod +x bin/nvcc; PATH=$PWD/bin:$PATH; exec "$@"`;
    const target = { ...rest, argv: ["sh", "-c", setUp, "sh", ...argv], args: ["a b"], env: { COMPILER: compiler } };
    assert.equal((await run(target)).text, "compiled a b\n");
  });

  it("have shells that start in their folder and can be resized and closed", async () => {
    const { services, folder } = windows;
    const sandbox = await services.sandboxes.create({ spec: spec(), folder }, AbortSignal.timeout(30_000));
    const shell = services.shells.open(sandbox, "/workspace");
    const screen = new ShellScreen(shell);
    await screen.shows(/[#$] ?$/);
    await shell.resize({ columns: 50, rows: 20 });
    await screen.type('stty size; echo "at $(basename "$PWD")"\n');
    await screen.shows(/20 50[^]*at workspace/);
    await shell.hangUp();
    assert.equal(await screen.over, 129);
  });
});

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import { skip } from "../../support/skip";
import { excerpt } from "../../../src/run/target/excerpt";
import { launchers } from "../../../src/run/target/launchers";
import { moduleTarget } from "../../../src/run/target/commandTarget";
import { pythonExcerpt } from "../../../src/run/target/pythonExcerpt";
import { launcherWith, scriptNeeds } from "../../../src/run/target/scriptNeeds";
import { targetOf, type RunTarget } from "../../../src/run/target/target";
import { SELECTION_PREFIX } from "../../../src/sync/rules/builtinExcludes";
import { exitCodeOf, fileTarget, Screen, spec, useServices } from "../support/services";

const lines = (...text: string[]) => `${text.join("\n")}\n`;

/** Only what the test puts there, and the system's own: what else the machine has must not help. */
const PATH = "/workspace/bin:/usr/bin:/bin";

/** For pip: there is no network. */
const WITH_WHEELS = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: "/tmp/wheels" };

describe("programs", function () {
  this.timeout(60_000);
  const services = useServices();

  async function run(target: RunTarget) {
    const { runs, folder } = services();
    const [only] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec()] });
    assert.ok(only);
    const screen = new Screen(only);
    const exitCode = await exitCodeOf(only);
    return { exitCode, text: screen.text, errorText: screen.errorText, steps: screen.steps };
  }

  describe("a part of a Python file", () => {
    const text = lines(
      "import sys",
      "import no_such_module",
      "",
      "",
      "",
      "",
      "",
      "from helper import help; import sys",
      "def fail():",
      "    raise ValueError('größer')",
      "print(help(), __file__, sys.argv)",
      "fail()",
    );
    const part = (source: string, first: number, last: number): RunTarget => {
      const range = { startLine: first - 1, startCharacter: 0, endLine: last - 1, endCharacter: Infinity };
      const content = pythonExcerpt("/workspace/app/train.py", excerpt(source, [range]), "");
      return { ...targetOf("part", launchers.python, { kind: "loose", name: "train.py", content }), args: ["--fast"] };
    };

    it("runs under the name of its file, with the file's lines in tracebacks", async () => {
      await services().write("app/train.py", text);
      await services().write("app/helper.py", "help = lambda: 'helped'\n");
      const { exitCode, text: shown, errorText } = await run(part(text, 8, 12));
      assert.equal(exitCode, 1);
      assert.equal(shown, "helped /workspace/app/train.py ['/workspace/app/train.py', '--fast']\n");
      const frames = errorText.split("\n").filter((line) => line.includes("File "));
      assert.deepEqual(frames, [
        '  File "/workspace/app/train.py", line 12, in <module>',
        '  File "/workspace/app/train.py", line 10, in fail',
      ]);
      assert.match(errorText, /^ {4}raise ValueError\('größer'\)$/m);
      assert.match(errorText, /^ValueError: größer$/m);
    });

    it("shows the value of a last expression unless a semicolon ends it", async () => {
      assert.equal((await run(part("x = 6\nx * 7\n", 1, 2))).text, "42\n");
      assert.equal((await run(part("x = 6\nx * 7;\n", 1, 2))).text, "");
      assert.equal((await run(part("print('no value')\n", 1, 1))).text, "no value\n");
    });

    it("reports the position of a syntax error", async () => {
      const { exitCode, errorText } = await run(part("a = 1\n\nif a\n", 3, 3));
      assert.equal(exitCode, 1);
      assert.match(errorText, /^ {2}File "\/workspace\/app\/train\.py", line 3\n/);
    });

    it("ends as the program does", async () => {
      assert.equal((await run(part("import sys\nsys.exit(7)\n", 1, 2))).exitCode, 7);
    });
  });

  it("a part of another kind of file runs from a file next to the original that is not pulled", async () => {
    await services().write("web/lib.mjs", 'export const word = "found";\n');
    const path = `web/${SELECTION_PREFIX}12345678-main.mjs`;
    const content = '\n\nimport { word } from "./lib.mjs";\nconsole.log(word);\nthrow new Error("here");\n';
    const { exitCode, text, errorText } = await run(
      targetOf("part", launchers.javascript, { kind: "excluded", path, content }),
    );
    assert.equal(exitCode, 1);
    assert.equal(text, "found\n");
    assert.match(errorText, /main\.mjs:5\b/);
    assert.deepEqual(await readdir(join(services().folder, "web")), ["lib.mjs"]);
  });

  it("a module runs as python -m from the folder that contains its package", async () => {
    await services().write("src/pack/__init__.py", "");
    await services().write(
      "src/pack/main.py",
      "import sys\nfrom . import word\nprint(__name__, word.text, sys.argv[1:])\n",
    );
    await services().write("src/pack/word.py", "text = 'relative'\n");
    const { text } = await run({ ...moduleTarget("pack.main"), workdir: "src", args: ["a b"] });
    assert.equal(text, "__main__ relative ['a b']\n");
  });

  describe("a script with inline dependencies", () => {
    before(async () => {
      await services().write("wheels.py", WHEELS);
      assert.equal((await run(fileTarget("wheels.py", launchers.python))).exitCode, 0);
    });

    const script = (...needs: string[]) =>
      lines(
        "# /// script",
        ...needs.map((line) => `# ${line}`),
        "# ///",
        "import sys",
        "import tiny",
        "print(tiny.name, sys.argv[1:])",
      );
    const target = (path: string, text: string): RunTarget => {
      const needs = scriptNeeds(text);
      assert.ok(needs);
      return { ...fileTarget(path, launcherWith(launchers.python, needs)), args: ["a b"], env: { PATH } };
    };

    it("gets them from pip on top of the image's packages, and reuses them the next time", async () => {
      const text = script('dependencies = ["tiny"]');
      await services().write("needs.py", text);
      const needing = target("needs.py", text);
      const first = await run({ ...needing, env: { PATH, ...WITH_WHEELS } });
      assert.equal(first.text, "tiny ['a b']\n", first.errorText);
      const again = await run({ ...needing, env: { PATH, PIP_NO_INDEX: "1", PIP_FIND_LINKS: "/nowhere" } });
      assert.equal(again.text, "tiny ['a b']\n", again.errorText);
    });

    it("names the package that pip cannot find", async () => {
      const text = script('dependencies = ["no-such-package-at-all"]');
      await services().write("lost.py", text);
      const { exitCode, errorText } = await run({ ...target("lost.py", text), env: { PATH, PIP_NO_INDEX: "1" } });
      assert.equal(exitCode, 1);
      assert.match(errorText, /no-such-package-at-all[^]*The packages that the script requires could not be installed/);
    });

    it("says that the image's Python does not fit", async () => {
      const text = script('requires-python = ">=3.99"');
      await services().write("future.py", text);
      const { exitCode, errorText } = await run(target("future.py", text));
      assert.equal(exitCode, 1);
      assert.match(errorText, /^The script requires Python >=3\.99, but the image has Python 3\.\d+\.\d+\. Choose/);
    });

    it("says that the image has neither uv nor pip", async () => {
      await services().write("bare/python3", '#!/bin/sh\n[ "$2" = pip ] && exit 1\nexec /usr/bin/python3 "$@"\n');
      const text = script('dependencies = ["other"]');
      await services().write("bare.py", text);
      const bare = target("bare.py", text);
      const linked = ["sh", "-c", 'chmod +x bare/python3; exec "$@"', "sh", ...bare.argv];
      const { exitCode, errorText } = await run({ ...bare, argv: linked, env: { PATH: `/workspace/bare:${PATH}` } });
      assert.equal(exitCode, 1);
      assert.match(
        errorText,
        /has neither uv nor pip\. Choose an image that has one of them in the setting "modalSandboxes/,
      );
    });

    it("is run by uv if the image has it", async () => {
      await services().write("uv/uv", '#!/bin/sh\necho "uv $*"\n');
      const text = script('dependencies = ["anything"]');
      await services().write("byUv.py", text);
      const byUv = target("byUv.py", text);
      const linked = ["sh", "-c", 'chmod +x uv/uv; exec "$@"', "sh", ...byUv.argv];
      const { text: shown } = await run({ ...byUv, argv: linked, env: { PATH: `/workspace/uv:${PATH}` } });
      assert.equal(shown, "uv run --script /workspace/byUv.py a b\n");
    });

    it("has them in a part of the script, too", async () => {
      const text = script('dependencies = ["tiny"]');
      const needs = scriptNeeds(text);
      assert.ok(needs);
      const content = pythonExcerpt("/workspace/needs.py", "\n\n\n\nimport tiny\ntiny.name\n", needs.block);
      assert.deepEqual(scriptNeeds(content), needs);
      const file = { kind: "loose", name: "needs.py", content } as const;
      const { text: shown } = await run({
        ...targetOf("part", launcherWith(launchers.python, needs), file),
        env: { PATH, ...WITH_WHEELS },
      });
      assert.equal(shown, "'tiny'\n");
    });
  });

  describe("a CUDA file", () => {
    const withCompiler = (compiler: string, args: readonly string[]): RunTarget => {
      const { argv, ...rest } = fileTarget("kernels/add one.cu", launchers.cuda);
      const setUp = `mkdir -p bin; printf '%s' "$COMPILER" >bin/nvcc; chmod +x bin/nvcc; exec "$@"`;
      return { ...rest, argv: ["sh", "-c", setUp, "sh", ...argv], args, env: { PATH, COMPILER: compiler } };
    };

    it("is compiled and run with its arguments", async () => {
      await services().write("kernels/add one.cu", "echo ran $# $1\n");
      const compiler =
        '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n{ echo "#!/bin/sh"; cat "$3"; } >"$2"; chmod +x "$2"\n';
      const { exitCode, text, errorText } = await run(withCompiler(compiler, ["a b"]));
      assert.equal(exitCode, 0, errorText);
      assert.equal(text, "ran 1 a b\n");
    });

    it("does not run if it does not compile", async () => {
      const compiler = '#!/bin/sh\necho "$0: error" >&2\nexit 2\n';
      const { exitCode, text, errorText } = await run(withCompiler(compiler, []));
      assert.equal(exitCode, 2);
      assert.equal(text, "");
      assert.match(errorText, /nvcc: error/);
    });

    it("needs nvcc", async () => {
      const target = { ...fileTarget("kernels/add one.cu", launchers.cuda), env: { PATH: "/usr/bin:/bin" } };
      const { exitCode, steps } = await run(target);
      if (exitCode !== 127) return;
      assert.match(steps.at(-1) ?? "", /The image may lack nvcc/);
    });
  });

  describe("a notebook", () => {
    const code = (source: string) => ({ cell_type: "code", source, metadata: {}, outputs: [], execution_count: null });
    const notebook = (...sources: string[]) =>
      JSON.stringify({ cells: sources.map(code), metadata: {}, nbformat: 4, nbformat_minor: 5 });
    const target = (env: Record<string, string>): RunTarget => ({
      ...fileTarget("books/train.ipynb", launchers.notebook),
      workdir: "books",
      env,
    });

    it("is executed into a result next to it, which is pulled", async function () {
      await services().write("books/train.ipynb", notebook("x = 6", "print('out')\nx * 7", "import os; os.getcwd()"));
      const { exitCode, text, errorText } = await run(target({}));
      if (errorText.includes("The image lacks nbclient")) skip(this, "needs nbclient and ipykernel");
      assert.equal(exitCode, 0, errorText);
      assert.match(text, /^\S*\[1\/3\] x = 6\S*\n\S*\[2\/3\] print\('out'\)\S*\nout\n42\n.*\n'\/workspace\/books'\n/);
      assert.match(text, /The result is in train\.result\.ipynb\.\n$/);
      const result = await readFile(join(services().folder, "books/train.result.ipynb"), "utf8");
      assert.match(result, /"text\/plain": \[\s*"42"/);
    });

    it("keeps the outputs of the cells before one that fails", async function () {
      await services().write("books/train.ipynb", notebook("print('first')", "1 / 0", "print('never')"));
      const { exitCode, text, errorText } = await run(target({}));
      if (errorText.includes("The image lacks nbclient")) skip(this, "needs nbclient and ipykernel");
      assert.equal(exitCode, 1);
      assert.match(text, /first/);
      assert.doesNotMatch(text, /never/);
      assert.match(
        errorText,
        /ZeroDivisionError[^]*\nA cell failed\. The cells that ran are in train\.result\.ipynb\.\n$/,
      );
      const result = await readFile(join(services().folder, "books/train.result.ipynb"), "utf8");
      assert.match(result, /first[^]*ZeroDivisionError/);
    });

    it("says what the image lacks", async () => {
      await services().write("books/train.ipynb", notebook("x = 6"));
      await services().write("hide/nbclient.py", "raise ImportError('hidden')\n");
      const { exitCode, errorText } = await run(target({ PYTHONPATH: "/workspace/hide" }));
      assert.equal(exitCode, 1);
      assert.match(
        errorText,
        /^The image lacks nbclient and ipykernel, which run notebooks\. Add both to the setting /,
      );
    });
  });
});

/** A wheel of one line, made in the sandbox: a program of the tests must not need the network. */
const WHEELS = lines(
  "import os, zipfile",
  "os.makedirs('/tmp/wheels', exist_ok=True)",
  "with zipfile.ZipFile('/tmp/wheels/tiny-1.0-py3-none-any.whl', 'w') as wheel:",
  "    wheel.writestr('tiny.py', 'name = \"tiny\"\\n')",
  "    info = 'tiny-1.0.dist-info/'",
  "    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')",
  "    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
  "    wheel.writestr(info + 'RECORD', '')",
);

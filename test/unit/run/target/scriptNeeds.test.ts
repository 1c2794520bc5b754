import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import { launchers } from "../../../../src/run/target/launchers";
import { launcherWith, scriptNeeds } from "../../../../src/run/target/scriptNeeds";

const block = (...lines: string[]) => ["# /// script", ...lines.map((line) => `# ${line}`.trimEnd()), "# ///"];

describe("the needs of a script", () => {
  it("are read from its comments, wherever they are", () => {
    const comments = block('requires-python = ">=3.11"', "", "dependencies = [", '  "rich>=13",', '  "tqdm",', "]");
    for (const end of ["\n", "\r\n"])
      assert.deepEqual(scriptNeeds(["#!/usr/bin/env python3", ...comments, "import rich", ""].join(end)), {
        dependencies: ["rich>=13", "tqdm"],
        python: ">=3.11",
        block: comments.join("\n"),
      });
  });

  it("may be empty", () => {
    assert.equal(scriptNeeds("import rich"), undefined);
    assert.equal(scriptNeeds('text = "# /// script"'), undefined);
    assert.deepEqual(scriptNeeds(block("[tool.x]").join("\n"))?.dependencies, []);
  });

  it("must be well formed", () => {
    const cases: [string[], RegExp][] = [
      [["# /// script", '# dependencies = ["rich"]', "import rich"], /does not end with a line "# \/\/\/"/],
      [block("dependencies = [rich]"), /script" block is invalid: \S.*Fix it/],
      [block('dependencies = "rich"'), /"dependencies" must be a list of strings/],
      [block("requires-python = 3"), /"requires-python" must be a string/],
      [[...block("dependencies = []"), "", ...block("dependencies = []")], /more than one/],
    ];
    for (const [lines, message] of cases)
      assert.throws(
        () => scriptNeeds(lines.join("\n")),
        (error) => error instanceof UserError && message.test(error.message) && !error.message.includes("\n"),
        lines.join("\n"),
      );
  });

  it("have a separate environment, which scripts with the same needs share", () => {
    const place = (...dependencies: string[]) =>
      launcherWith(launchers.python, { dependencies, python: "", block: "" }).argv.at(4);
    assert.equal(place("rich"), place("rich"));
    assert.notEqual(place("rich"), place("tqdm"));
  });
});

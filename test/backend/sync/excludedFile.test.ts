import assert from "node:assert/strict";
import { describe, it } from "mocha";

import type { TargetFile } from "../../../src/run/target/target";
import { exitCodeOf, fileTarget, Screen, spec, T4, useServices } from "../support/services";

describe("running a file that the sync leaves out", function () {
  this.timeout(60_000);
  const services = useServices();

  async function run(file: TargetFile, gpu: typeof T4 | undefined) {
    const { runs, folder } = services();
    const target = { ...fileTarget("any"), file };
    const [only] = runs.start({ target, folder, remotePath: "/workspace", specs: [spec({ gpu })] });
    assert.ok(only);
    const screen = new Screen(only);
    assert.equal(await exitCodeOf(only), 0, screen.errorText);
    return screen;
  }

  for (const gpu of [T4, undefined])
    it(`pushes it to a separate place next to the synced files (${gpu ? "GPU" : "CPU"})`, async () => {
      await services().write(".gitignore", "scratch/\n");
      await services().write("shared.txt", "synced");
      const path = "scratch/deep/try it's.sh";
      const excluded = (text: string): TargetFile => ({ kind: "excluded", path, content: text });

      const first = await run(excluded('cat shared.txt; echo " $0"'), gpu);
      const again = await run(excluded('echo changed; echo "# by a program" >>"$0"'), gpu);
      const after = await run(excluded("ls scratch/deep; cat scratch/deep/*.sandbox-*"), gpu);

      assert.equal(first.text, `synced /workspace/${path}\n`);
      assert.equal(again.text, "changed\n");
      assert.ok(!again.steps.some((step) => step.includes("is now")), again.steps.join("; "));
      assert.ok(after.steps.some((step) => step.startsWith(`Kept the sandbox's own /workspace/${path} as`)));
      assert.match(after.text, /^try it's\.sh\ntry it's\.sh\.sandbox-\d{17}\necho changed.*# by a program\n$/);
    });
});

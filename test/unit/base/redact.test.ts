import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { redact } from "../../../src/base/redact";

describe("a log for others", () => {
  it("contains neither tokens nor passwords", () => {
    assert.equal(
      redact("ak-1aB2 and as-3cD4 by http://me:s3cret@proxy:3128/x, task-1 stays"),
      "ak-… and as-… by http://me:…@proxy:3128/x, task-1 stays",
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TerminalWriter } from "../../../../src/ui/terminals/terminalWriter";

const QUESTION = "\x1b[5n";
const ANSWER = "\x1b[0n";
const line = `${"x".repeat(99)}\n`;
const chunk = line.repeat(3000);

function terminal() {
  const writer = new TerminalWriter();
  let shown = "";
  writer.onDidWrite((text) => {
    shown += text;
  });
  return { writer, shown: () => shown };
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);

describe("writing to a terminal", () => {
  it("passes little output through immediately and unchanged", async () => {
    const { writer, shown } = terminal();
    await writer.write("a\r\n");
    await writer.write("b");
    assert.equal(shown(), "a\r\nb");
  });

  it("waits until the terminal has caught up", async () => {
    const { writer, shown } = terminal();
    assert.equal(await isSettled(writer.write(chunk)), true);
    const second = writer.write(chunk);
    assert.equal(await isSettled(second), false);
    assert.equal(writer.takeAnswers(ANSWER), "");
    assert.equal(await isSettled(second), true);
    assert.equal(shown().replaceAll(QUESTION, ""), chunk + chunk);
  });

  it("asks only between lines, so that no escape sequence is split", async () => {
    const { writer, shown } = terminal();
    await writer.write(`${chunk}\x1b[3`);
    assert.ok(shown().endsWith(`\n${QUESTION}\x1b[3`));
  });

  it("also waits for a terminal that gets output without line breaks", async () => {
    const { writer, shown } = terminal();
    const piece = "x".repeat(64 * 1024);
    let written = 0;
    const flood = async () => {
      for (; written < 100 * 1024 * 1024; written += piece.length) await writer.write(piece);
    };
    assert.equal(await isSettled(flood()), false);
    // VS Code drops output beyond 50 MB that is not shown yet.
    assert.ok(written < 40_000_000, `${written} bytes are on their way to a terminal that shows none of them`);
    assert.ok(shown().endsWith(QUESTION));
    writer.close();
  });

  it("returns the user's keys without the terminal's answers", async () => {
    const { writer } = terminal();
    await writer.write(chunk);
    assert.equal(writer.takeAnswers(`a${ANSWER}b`), "ab");
    assert.equal(writer.takeAnswers(ANSWER), ANSWER);
  });

  it("releases waiting callers when it is closed", async () => {
    const { writer, shown } = terminal();
    await writer.write(chunk);
    const waiting = writer.write(chunk);
    writer.close();
    await waiting;
    const before = shown();
    await writer.write("late");
    assert.equal(shown(), before);
  });
});

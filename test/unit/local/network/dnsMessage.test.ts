import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { answeredAddresses, questionName, refusal } from "../../../../src/local/network/dnsMessage";

const label = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const name = (text: string) => Buffer.concat([...text.split(".").map(label), Buffer.from([0])]);
const header = (answers: number) => Buffer.from([0x12, 0x34, 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]);
const question = (text: string) => Buffer.concat([header(0), name(text), Buffer.from([0, 1, 0, 1])]);
const TO_FIRST_NAME = Buffer.from([0xc0, 12]);

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  return Buffer.concat([owner, Buffer.from([0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
}

describe("a DNS message", () => {
  it("is a question for a name in any case", () =>
    assert.equal(questionName(question("Files.Example.com")), "files.example.com"));

  it("is not a question if it ends too soon", () => {
    assert.equal(questionName(question("example.com").subarray(0, 17)), undefined);
    assert.equal(questionName(Buffer.alloc(0)), undefined);
  });

  it("contains the addresses of the name, including those of an alias", () => {
    const answer = Buffer.concat([
      header(3),
      name("example.com"),
      Buffer.from([0, 1, 0, 1]),
      record(TO_FIRST_NAME, 5, name("edge.example.net")),
      record(name("edge.example.net"), 1, Buffer.from([192, 0, 2, 7])),
      record(TO_FIRST_NAME, 1, Buffer.from([192, 0, 2, 8])),
    ]);
    assert.deepEqual(answeredAddresses(answer), ["192.0.2.7", "192.0.2.8"]);
    assert.deepEqual(answeredAddresses(answer.subarray(0, answer.length - 20)), []);
  });

  it("is refused with an answer to the same question", () => {
    const answer = refusal(question("example.com"));
    assert.deepEqual([answer.readUInt16BE(0), answer.readUInt16BE(2) & 0x800f], [0x1234, 0x8005]);
    assert.equal(questionName(answer), "example.com");
  });
});

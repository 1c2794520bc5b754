import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { seededRandom } from "../../../../src/local/faults/seededRandom";
import { SEED, seeded } from "../../../support/seed";
import { maskLine, maskSecrets } from "../../../../src/run/output/maskSecrets";
import { joinWords, splitWords } from "../../../../src/run/target/words";

const SECRET = "s3cr3t!V4lue";
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";

const masked: Readonly<Record<string, string>> = {
  [`--api-key ${SECRET}`]: "--api-key ••••",
  [`--apiKey=${SECRET} --lr 0.1`]: "--apiKey=•••• --lr 0.1",
  [`--token=${SECRET}`]: "--token=••••",
  "--token 'two words'": "--token ••••",
  "--password=two\\ words": "--password=••••",
  "--password 1234": "--password ••••",
  [`--db_password ${SECRET}`]: "--db_password ••••",
  [`AWS_SECRET=${SECRET} python train.py`]: "AWS_SECRET=•••• python train.py",
  [`export AWS_SECRET_ACCESS_KEY=${SECRET}; ls`]: "export AWS_SECRET_ACCESS_KEY=•••• ls",
  [`PGPASSWORD=${SECRET} psql`]: "PGPASSWORD=•••• psql",
  [`trainer.api_key=${SECRET}`]: "trainer.api_key=••••",
  [`+trainer.hf_token=${SECRET}`]: "+trainer.hf_token=••••",
  "login hf_AbCdEfGhIjKlMnOpQrStUvWx": "login hf_…",
  "login --with sk-proj-abcdefghijk1234567890": "login --with sk-…",
  "clone https://ghp_abcdefghijklmnopqrst0123456789@github.com/a/b": "clone https://ghp_…@github.com/a/b",
  "ak-1aB2cD3eF4gH5iJ6kL7mN8 as-1aB2cD3eF4gH5iJ6kL7mN8": "ak-… as-…",
  [`check ${JWT}`]: "check eyJ…",
  [`postgres://me:${SECRET}@db/x`]: "postgres://me:…@db/x",
  [`curl -u me:${SECRET} https://x.org`]: "curl -u me:•••• https://x.org",
  "curl -H 'Authorization: Bearer abcdef123' https://x.org": "curl -H Authorization: •••• https://x.org",
  [`curl -H "X-Api-Key: ${SECRET}"`]: "curl -H X-Api-Key: ••••",
  [`https://x.org/?a=1&token=${SECRET}&b=2`]: "https://x.org/?a=1&token=••••&b=2",
  [`--config '{"lr": 0.1, "api_key": "${SECRET}"}'`]: '--config {"lr": 0.1, "api_key": "••••"}',
  [`bash -c 'HF_TOKEN=${SECRET} python train.py --password "a b"'`]:
    "bash -c HF_TOKEN=•••• python train.py --password ••••",
  "--key 9f86d081884c7d659a2f": "--key ••••",
  "--token it's": "--token ••••",
  [`docker run --env=HF_TOKEN=${SECRET} x`]: "docker run --env=HF_TOKEN=•••• x",
  [`helm --set=a=1,db.password=${SECRET}`]: "helm --set=a=1,db.password=••••",
  [`--db 'Server=x;User Id=me;Pwd=${SECRET};Encrypt=yes'`]: "--db Server=x;User Id=me;Pwd=••••;Encrypt=yes",
  [`--blob AccountName=x;AccountKey=${SECRET}==`]: "--blob AccountName=x;AccountKey=••••",
  [`--config '{lr: 0.1, api_key: ${SECRET}}'`]: "--config {lr: 0.1, api_key: ••••}",
  [`-H X-Api-Key:${SECRET}`]: "-H X-Api-Key:••••",
  [`--basic-auth me:${SECRET}`]: "--basic-auth me:••••",
  [`--creds ${SECRET}`]: "--creds ••••",
  [`python train.py --password \\\n  ${SECRET} --lr 0.1`]: "python train.py --password \\\n  •••• --lr 0.1",
};

const plain = [
  "train.py --lr 0.1 --epochs 3 --name 'first try'",
  "--max-tokens 512 --max_new_tokens=64 --token-budget 10 --tokenizer gpt2",
  "--eos-token '</s>' --pad_token=<pad> --price-per-token 0.01 --token 7",
  "--key accuracy --sort-key=name --author Ada --monkey 3 --passes 2 --pass 2",
  "--use-password true --no-password --secret-name hugging-face --token-file t.txt",
  "--password --verbose",
  "as-is.py ask-me task-1 sk-learn risk-free-return-rate-of-ten",
  "docker run -u 1000:1000 -p 8080:80 http://localhost:8000/a?b=c git@github.com:a/b.git",
  "python -c 'print(1)'",
  "echo \"it's\" | tee 'a b' && ls",
  "--env=LR=0.1 --set=a=1,b=x --map a:b,c:d C:/token/x token://x --auth basic {token: 5}",
];

describe("secrets among a program's arguments", () => {
  for (const [line, shown] of Object.entries(masked))
    it(`are hidden: ${shown}`, () => assert.equal(maskLine(line), shown));

  for (const line of plain)
    it(`are not seen in other arguments: ${line}`, () => {
      assert.equal(maskLine(line), line);
      assert.deepEqual(maskSecrets(splitWords(line)), splitWords(line));
    });

  it(seeded("never show the value of an option or a variable with a secret name, whatever it is"), () => {
    const random = seededRandom(SEED);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const names = [
      "api-key",
      "API_KEY",
      "password",
      "db.password",
      "hfToken",
      "client_secret",
      "AWS_SECRET_ACCESS_KEY",
    ];
    const letters = Array.from("abzAZ059 '\"\\$=:/@&{}[]#!.,;\n\tä");
    for (let round = 0; round < 3000; round++) {
      const value = `Q${Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(letters)).join("")}Q`;
      const name = pick(names);
      const words = pick([[`--${name}`, value], [`--${name}=${value}`], [`${name}=${value}`]]);
      const all = ["--lr", "0.1", ...words, "out.txt"];
      const place = `round ${round}: ${JSON.stringify(all)}`;
      const hidden = maskSecrets(all);
      assert.equal(hidden.length, all.length, place);
      assert.deepEqual([hidden.slice(0, 2), hidden.at(-1)], [["--lr", "0.1"], "out.txt"], place);
      for (const shown of [hidden.join(" "), maskLine(joinWords(all))])
        assert.ok(!shown.includes("Q"), `${place} shows ${shown}`);
    }
  });
});

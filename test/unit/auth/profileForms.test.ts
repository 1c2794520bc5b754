import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "smol-toml";
import { withProfile } from "../../../src/auth/profileText";
import { UserError } from "../../../src/base/errors";
import { seededRandom } from "../../../src/local/faults/seededRandom";
import { SEED, seeded } from "../../support/seed";

const PATH = "/home/me/.modal.toml";
const saved = { name: "acme", tokenId: "ak-1", tokenSecret: "as-1" };
const put = (text: string, profile = saved) => withProfile(text, PATH, profile);

/** Returns the contents of a TOML file as plain objects. */
const meaning = (text: string): Record<string, unknown> =>
  JSON.parse(JSON.stringify(parse(text))) as Record<string, unknown>;

describe("the forms that a profile in .modal.toml may have", () => {
  const forms: Readonly<Record<string, readonly [string, string]>> = {
    "a table with comments, quoted keys and spaces": [
      `# top\n[acme] # mine\n  'token_id' = 'ak-0' # id\n"token_secret"   =   "as-0"\nenvironment = "dev" # keep\n`,
      `# top\n[acme] # mine\n  'token_id' = "ak-1" # id\n"token_secret"   =   "as-1"\nenvironment = "dev" # keep\n`,
    ],
    "a table that lacks a key": [
      `[acme] # mine\nenvironment = "dev"\n[other]\nactive = true\n`,
      `[acme] # mine\ntoken_id = "ak-1"\ntoken_secret = "as-1"\nenvironment = "dev"\n[other]\nactive = true\n`,
    ],
    "a table at the end without a line break": [`[acme]`, `[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"`],
    "an inline table": [
      `acme = { token_id = "ak-0", token_secret = "as-0", environment = "dev" } # keep\n`,
      `acme = { token_id = "ak-1", token_secret = "as-1", environment = "dev" } # keep\n`,
    ],
    "an inline table that lacks a key": [
      `acme = { environment = "dev" }\nempty = {}\n`,
      `acme = { token_id = "ak-1", token_secret = "as-1", environment = "dev" }\nempty = {}\n`,
    ],
    "an empty inline table": [`acme = {}\n`, `acme = { token_id = "ak-1", token_secret = "as-1"}\n`],
    "dotted keys": [
      `acme.token_id = "ak-0" # id\n"acme" . 'token_secret' = "as-0"\nacme.active = true\n`,
      `acme.token_id = "ak-1" # id\n"acme" . 'token_secret' = "as-1"\nacme.active = true\n`,
    ],
    "dotted keys that lack one": [
      `acme.active = true # on\nother.active = false\n`,
      `acme.active = true # on\nacme.token_id = "ak-1"\nacme.token_secret = "as-1"\nother.active = false\n`,
    ],
    "only a table within it": [
      `[acme.more]\nx = 1\n`,
      `[acme.more]\nx = 1\n\n[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n`,
    ],
    "strings with lines like those of a profile": [
      `[other]\nnote = """\n[acme]\ntoken_id = "no"\n"""\n[acme]\ntext = '''\ntoken_id = "no"'''\ntoken_id = """ak-0"""\ntoken_secret = '''as-0'''\n`,
      `[other]\nnote = """\n[acme]\ntoken_id = "no"\n"""\n[acme]\ntext = '''\ntoken_id = "no"'''\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n`,
    ],
    "Windows' line ends": [
      `# top\r\n[acme]\r\ntoken_id = "ak-0"\r\n\r\n[other]\r\nactive = true\r\n`,
      `# top\r\n[acme]\r\ntoken_secret = "as-1"\r\ntoken_id = "ak-1"\r\n\r\n[other]\r\nactive = true\r\n`,
    ],
    "a separate server, which must not get a token of Modal": [
      `[acme]\nserver_url = "https://x" # why\ntoken_id = "ak-0"\ntoken_secret = "as-0"\n[b]\nserver_url = "https://y"\n`,
      `[acme]\n # why\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n[b]\nserver_url = "https://y"\n`,
    ],
    "a separate server in an inline table": [
      `acme = { token_id = "ak-0", token_secret = "as-0", server_url = "https://x" }\n`,
      `acme = { token_id = "ak-1", token_secret = "as-1" }\n`,
    ],
    "only a separate server, with a dotted key": [
      `acme.server_url = "https://x"\n`,
      `[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n`,
    ],
    "arrays and dates next to it": [
      `list = [1, [2, "]"], { x = "[acme]" }, # ]\n]\nat = 1979-05-27 07:32:00\nbig = 9007199254740993\n[[many]]\ntoken_id = "no"\n[acme]\ntoken_id = "ak-0"\ntoken_secret = "as-0"\n`,
      `list = [1, [2, "]"], { x = "[acme]" }, # ]\n]\nat = 1979-05-27 07:32:00\nbig = 9007199254740993\n[[many]]\ntoken_id = "no"\n[acme]\ntoken_id = "ak-1"\ntoken_secret = "as-1"\n`,
    ],
  };
  for (const [form, [before, after]] of Object.entries(forms))
    it(`include ${form}`, () => {
      assert.equal(put(before), after);
      assert.equal(put(after), after);
    });

  for (const [header, name] of [
    [`["my profile"]`, "my profile"],
    [`["a\\"b"]`, 'a"b'],
    [`['lit\\eral']`, "lit\\eral"],
    [`["\\u00e9t\\u00e9"]`, "été"],
    [`["with.dot"]`, "with.dot"],
    [`["[x] # y"] # z`, "[x] # y"],
    [`[""]`, ""],
  ] as const)
    it(`include names in quotes: ${header}`, () => {
      const before = `${header}\ntoken_id = "ak-0"\ntoken_secret = "as-0"\nactive = true\n`;
      assert.equal(put(before, { ...saved, name }), before.replace("ak-0", "ak-1").replace("as-0", "as-1"));
    });

  it("exclude anything but a table: nothing is written over it, and the message says what to do", () => {
    for (const text of [`acme = 3\n`, `[[acme]]\nx = 1\n`, `acme = [{ x = 1 }]\n`, `acme = 1979-05-27\n`])
      assert.throws(() => put(text), {
        name: "UserError",
        message:
          /^\/home\/me\/\.modal\.toml has acme in a form that cannot be edited safely.* Put the token into it yourself/,
      });
  });

  it("exclude a malformed file, and the message names the line", () => {
    for (const [text, line] of [
      ["[acme]\ntoken_id = \n", 2],
      ["[a]\r\nx = 1\r\n[a]\r\n", 3],
      ['[a]\nx = """\n\n', 2],
    ] as const)
      assert.throws(
        () => put(text),
        (error) => error instanceof UserError && error.message.startsWith(`${PATH} is malformed at line ${line}. Fix`),
      );
  });

  it("keep the profile in use active when another is added", () => {
    const one = '[old]\ntoken_id = "ak-0"\ntoken_secret = "as-0"\n';
    assert.deepEqual(meaning(put(one)), {
      old: { token_id: "ak-0", token_secret: "as-0", active: true },
      acme: { token_id: "ak-1", token_secret: "as-1" },
    });
    const two = `${one}[older]\ntoken_id = "ak-2"\ntoken_secret = "as-2"\n`;
    assert.deepEqual(meaning(put(two)).acme, { token_id: "ak-1", token_secret: "as-1", active: true });
  });
});

describe("a token put into any .modal.toml", () => {
  it(seeded("changes only that profile and keeps every comment"), () => {
    for (let seed = SEED; seed < SEED + 500; seed++) {
      const { text, values, comments } = anyFile(seed);
      const name = pickOf(seededRandom(seed))([...Object.keys(values).filter((key) => key.startsWith("p")), "new one"]);
      const place = `SEED=${seed}, ${JSON.stringify(name)} in ${JSON.stringify(text)}`;
      const result = put(text, { ...saved, name });
      assert.deepEqual(unmarked(meaning(result)), unmarked(withToken(values, name)), place);
      for (const comment of comments) assert.ok(result.includes(comment), `${place} lost ${comment}`);
      assert.equal(put(result, { ...saved, name }), result, place);
    }
  });

  it(seeded("is refused or changes only that profile in a file that is broken anywhere"), () => {
    for (let seed = SEED; seed < SEED + 500; seed++) {
      const pick = pickOf(seededRandom(seed));
      const { text } = anyFile(seed);
      const at = Math.floor(seededRandom(seed + 1)() * text.length);
      const broken =
        text.slice(0, at) + pick(["", '"', "'", "[", "]", "{", "}", "\n", "#", "=", "."]) + text.slice(at + 1);
      try {
        const name = pick(["p0", "p1", 'p "2"']);
        const result = meaning(put(broken, { ...saved, name }));
        assert.deepEqual(unmarked(result), unmarked(withToken(meaning(broken), name)));
      } catch (error) {
        assert.ok(error instanceof UserError, `SEED=${seed}: ${String(error)} for ${JSON.stringify(broken)}`);
      }
    }
  });
});

/** The profile has the token, and no server of its own, to which the token would not belong. */
function withToken(values: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const changed = { ...(values[name] as object), token_id: "ak-1", token_secret: "as-1" };
  Reflect.deleteProperty(changed, "server_url");
  return { ...values, [name]: changed };
}

/** Without the mark of the active profile, which another one may get. */
const unmarked = (profiles: Record<string, unknown>): unknown =>
  JSON.parse(JSON.stringify(profiles, (key, value: unknown) => (key === "active" ? undefined : value)));

const pickOf =
  (random: () => number) =>
  <T>(from: readonly T[]): T =>
    from[Math.floor(random() * from.length)] as T;

/** A file with profiles in all forms and much between them, what it says, and its comments. */
function anyFile(seed: number) {
  const random = seededRandom(seed);
  const pick = pickOf(random);
  const eol = pick(["\n", "\r\n"]);
  const comments: string[] = [];
  const comment = () => {
    comments.push(`${pick(['# c [p0] "', "# it's { c", "# c = '''"])}${comments.length}`);
    return comments.at(-1) ?? "";
  };
  const behind = () => (random() < 0.3 ? ` ${comment()}` : "");
  const basic = (text: string) => JSON.stringify(text);
  const forms = (text: string) => pick([basic(text), `'${text}'`, `"""${text}"""`, `'''${text}'''`]);
  const quoted = (key: string) => (/^[\w-]+$/.test(key) ? pick([key, `"${key}"`, `'${key}'`]) : basic(key));

  const values: Record<string, unknown> = {};
  const root: string[] = [];
  const tables: string[] = [];
  for (const name of ["p0", "p1", 'p "2"', "p.3"].filter(() => random() < 0.8)) {
    const entries = Object.entries({
      token_id: `ak-${name.length}`,
      token_secret: "as-[x]",
      environment: "dev # no",
      server_url: "https://x.org/{a}",
      note: "token_id = 1, [p0]",
    }).filter(() => random() < 0.7);
    const form = pick(["table", "table", "inline", "dotted"]);
    if (form === "dotted" && entries.length === 0) continue;
    values[name] = Object.fromEntries(entries);
    const written = entries.map(([key, text]) => `${quoted(key)}${pick([" = ", "=", " =  "])}${forms(text)}`);
    if (form === "inline")
      root.push(`${quoted(name)} = {${pick(["", " "])}${written.join(", ")}${pick(["", " "])}}${behind()}`);
    if (form === "dotted")
      for (const line of written) root.push(`${quoted(name)}${pick([".", " . "])}${line}${behind()}`);
    if (form === "table")
      tables.push(
        [`${pick(["", "  "])}[${quoted(name)}]${behind()}`, ...written.map((line) => line + behind())].join(eol),
      );
  }
  if (random() < 0.5) {
    const text = '[p0]\ntoken_id = "no"\n';
    root.push(`text = """${eol}${text.replaceAll("\n", eol)}"""${behind()}`);
    values.text = text.replaceAll("\n", eol);
  }
  if (random() < 0.5) {
    root.push(`list = [1, ${comment()}${eol} { token_id = "]" }, ["[p1]"],${eol}]${behind()}`);
    values.list = [1, { token_id: "]" }, ["[p1]"]];
  }
  if (random() < 0.5) {
    tables.push(`[[many]]${eol}token_id = "no"${behind()}${eol}[[many]]${behind()}`);
    values.many = [{ token_id: "no" }, {}];
  }
  const parts = [...root, ...tables.sort(() => random() - 0.5)];
  const above = () => (random() < 0.3 ? [comment()] : pick([[], [""]]));
  const text = parts.flatMap((part) => [...above(), part]).join(eol) + pick(["", eol]) + behind().trim();
  return { text, values, comments };
}

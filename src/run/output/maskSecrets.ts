import { redact } from "../../base/redact";
import { splitWords } from "../target/words";

/** Replaces a secret wherever words are shown or written to disk. */
const MASK = "••••";

/**
 * Masks words of a command line that look like secrets: the value of an option or variable with a suspicious name, such
 * as `--api-key` or `HF_TOKEN`, and anything in the format of a token. Words without secrets are unchanged.
 */
export const maskSecrets = (words: readonly string[]): string[] =>
  words.map((word, index) => {
    const option = words[index - 1] ?? "";
    if (SHELL_OPTION.test(option)) return maskLine(word);
    if (USER_OPTION.test(option)) return maskWord(word).replace(/^([^:/]+):(?!\d+$|\/\/)[^]+$/, `$1:${MASK}`);
    return isOption(option) && !isOption(word) && isSecret(option, word) ? MASK : maskWord(word);
  });

/** Like `maskSecrets`, for a shell's command line. */
export function maskLine(line: string): string {
  const raw = line.match(RAW_WORD) ?? [];
  const words = raw.map(unquoted);
  const masked = maskSecrets(words);
  let index = 0;
  return line.replace(RAW_WORD, (word) => {
    const at = index++;
    return masked[at] === words[at] ? word : (masked[at] ?? word);
  });
}

/**
 * Words end at blanks that are neither quoted nor escaped, and at line continuations. An unclosed quote counts as a
 * plain character.
 */
const RAW_WORD = /(?:[^\s'"\\]|\\(?!\r?\n)[^]|'[^']*'|"(?:[^"\\]|\\[^])*"|['"]|\\(?!\r?\n))+/g;

function unquoted(raw: string): string {
  try {
    return splitWords(raw).join(" ");
  } catch {
    return raw;
  }
}

const isOption = (word: string): boolean => /^--?[A-Za-z][\w.-]*$/.test(word);

const SHELL_OPTION = /^-[a-z]*c$/;
const USER_OPTION = /^(?:-u|--(?:(?:proxy-)?user|(?:basic-)?auth|login))$/;

function maskWord(word: string): string {
  const masked = maskInner(maskNamed(redact(word)));
  return /\s/.test(masked) ? maskLine(masked) : masked;
}

/** Masks `--name=value`, `NAME=value`, headers, URL queries, and members of objects in JSON, Python or YAML. */
const maskNamed = (word: string): string =>
  [ASSIGNMENT, HEADER, QUERY, MEMBER, BARE_MEMBER].reduce(
    (text, form) =>
      text.replace(form, (all: string, before: string, name: string, between: string, value: string) =>
        isSecret(name, value) ? `${before}${name}${between}${MASK}` : all,
      ),
    word,
  );

/** Masks assignments inside a value: `--env=NAME=value`, `Server=…;Pwd=value`. */
function maskInner(word: string): string {
  let shown = "";
  let from = 0;
  for (const { 0: assigned, 1: name = "", index } of word.matchAll(INNER_NAME)) {
    const start = index + assigned.length;
    const [value = ""] = /^[^;\s]*/.exec(word.slice(start)) ?? [];
    if (index < from || value === "" || !isSecret(name, value)) continue;
    shown += word.slice(from, start) + MASK;
    from = start + value.length;
  }
  return shown + word.slice(from);
}

const INNER_NAME = /(?<=[=;,({])([\w.-]+)=/g;
const ASSIGNMENT = /^([^\w]*)([\w.-]+)(=)([^]+)$/;
const HEADER = /^([^\w]*)([A-Za-z][\w-]*)(:(?!\/\/)\s*)([^]+)$/;
const QUERY = /([?&])([\w.-]+)(=)([^&\s#]+)/g;
const BARE_MEMBER = /([{,]\s*)([A-Za-z][\w.-]*)(:\s*)([^\s,{}'"]+)/g;
const MEMBER = /(["'])([\w.-]+)(["']\s*:\s*["'])((?:\\[^]|[^"'\\])+)/g;

/** Names whose values are always masked. */
const SECRET =
  /(?:password|passwd|passphrase|apikey|secretkey|accesskey|authtoken|accesstoken)s?$|(?:^|-)(?:pwd|secrets?|cred(?:ential)?s?|authorization|bearer)$|(?:^|-)(?:access|account|admin|api|app|auth|client|deploy|encryption|license|master|private|secret|service|session|shared|signing|ssh|storage|subscription)-key$/;

/** Names whose values are masked unless they are numbers: `--token 7`, `--pass 2`. */
const TOKEN = /(?:^|-)(?:token|pass|pw|pat|jwt|cookie|dsn|sas|sig|signature)$/;

/** Tokens of a language or image model: `--eos-token "</s>"`. */
const MODEL_TOKEN =
  /(?:^|-)(?:audio|begin|bos|class|cls|end|eos|eot|image|img|last|mask|next|pad|padding|per|placeholder|prefix|prompt|sep|special|start|stop|suffix|trigger|unk|unknown|video)-token$/;

/** Names whose values are masked only if they look random, unlike `--key accuracy`. */
const KEY = /(?:^|-)(?:key|auth)$/;

function isSecret(name: string, value: string): boolean {
  const plain = plainName(name);
  if (SECRET.test(plain)) return !/^(?:true|false|yes|no|on|off|none|null)$/i.test(value);
  if (TOKEN.test(plain)) return !MODEL_TOKEN.test(plain) && !/^[\d_.,+-]+(?:e[+-]?\d+)?$/i.test(value);
  return KEY.test(plain) && /^(?=.*\d)(?=.*[A-Za-z])[\w.~+/=-]{16,}$/.test(value);
}

/** Normalizes names: `--apiKey`, `model.api_key` and `API_KEY` all end in `api-key`. */
const plainName = (name: string): string =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, "-");

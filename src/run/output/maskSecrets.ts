import { redact } from "../../base/redact";
import { splitWords } from "../target/words";

/** Stands for a secret wherever words are shown or written to disk. */
const MASK = "••••";

/**
 * The words of a command line without what looks like a secret: the value of an option or variable whose name says so,
 * such as `--api-key` or `HF_TOKEN`, and whatever has the form of a token. Words without secrets stay as they are.
 */
export const maskSecrets = (words: readonly string[]): string[] =>
  words.map((word, index) => {
    const option = words[index - 1] ?? "";
    if (SHELL_OPTION.test(option)) return maskLine(word);
    if (USER_OPTION.test(option)) return maskWord(word).replace(/^([^:/]+):(?!\d+$|\/\/)[^]+$/, `$1:${MASK}`);
    return isOption(option) && !isOption(word) && isSecret(option, word) ? MASK : maskWord(word);
  });

/** The same for a command line as a shell takes it. */
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
 * Blanks end a word unless they are quoted or escaped, and so does a line that is continued on the next. A quote that
 * nothing closes counts as a plain character.
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

/** `--name=value`, `NAME=value`, a header, the query of a URL, and the members of an object in JSON, Python or YAML. */
const maskNamed = (word: string): string =>
  [ASSIGNMENT, HEADER, QUERY, MEMBER, BARE_MEMBER].reduce(
    (text, form) =>
      text.replace(form, (all: string, before: string, name: string, between: string, value: string) =>
        isSecret(name, value) ? `${before}${name}${between}${MASK}` : all,
      ),
    word,
  );

/** Assignments inside of a value: `--env=NAME=value`, `Server=…;Pwd=value`. */
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

/** Whatever these hold. */
const SECRET =
  /(?:password|passwd|passphrase|apikey|secretkey|accesskey|authtoken|accesstoken)s?$|(?:^|-)(?:pwd|secrets?|cred(?:ential)?s?|authorization|bearer)$|(?:^|-)(?:access|account|admin|api|app|auth|client|deploy|encryption|license|master|private|secret|service|session|shared|signing|ssh|storage|subscription)-key$/;

/** Numbers are none: `--token 7`, `--pass 2`. */
const TOKEN = /(?:^|-)(?:token|pass|pw|pat|jwt|cookie|dsn|sas|sig|signature)$/;

/** Tokens of a text or an image: `--eos-token "</s>"`. */
const MODEL_TOKEN =
  /(?:^|-)(?:audio|begin|bos|class|cls|end|eos|eot|image|img|last|mask|next|pad|padding|per|placeholder|prefix|prompt|sep|special|start|stop|suffix|trigger|unk|unknown|video)-token$/;

/** Only if what they hold is nothing that a person made up: `--key accuracy`. */
const KEY = /(?:^|-)(?:key|auth)$/;

function isSecret(name: string, value: string): boolean {
  const plain = plainName(name);
  if (SECRET.test(plain)) return !/^(?:true|false|yes|no|on|off|none|null)$/i.test(value);
  if (TOKEN.test(plain)) return !MODEL_TOKEN.test(plain) && !/^[\d_.,+-]+(?:e[+-]?\d+)?$/i.test(value);
  return KEY.test(plain) && /^(?=.*\d)(?=.*[A-Za-z])[\w.~+/=-]{16,}$/.test(value);
}

/** `--apiKey`, `model.api_key` and `API_KEY` all end in `api-key`. */
const plainName = (name: string): string =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, "-");

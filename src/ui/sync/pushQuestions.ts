import { formatBytes, plural } from "../../base/format";
import type { BigPush } from "../../sync/push/pushRequest";
import type { RulesChange } from "../../sync/rules/rulesChange";
import { askForRisk, askInDialog } from "../outsideText";
import { pushLimits } from "../settings";

const PUSH = "Push";

/** A push may delete up to this many files without asking. */
const FEW_DELETES = 20;

/** Asks about an unusual push. If the push runs in the background, declines it instead. */
export async function approvePush(push: BigPush): Promise<boolean> {
  return (await approveRules(push)) && (await approveSize(push));
}

/** Asks about files that were excluded until a rules file changed, and about secrets that a rules file includes. */
async function approveRules({ root, rules, isUnattended }: BigPush): Promise<boolean> {
  if (rules.length === 0) return true;
  if (isUnattended) return false;
  const detail = rules.length === 1 ? root : [root, "", ...rules.map(ruleLine)];
  return askForRisk(rulesQuestion(rules), detail, { safe: "Don't Push", risky: PUSH });
}

function rulesQuestion(rules: readonly RulesChange[]): string {
  const [first] = rules;
  if (first && rules.length === 1) return `${ruleLine(first)} Push ${first.count === 1 ? "it" : "them"}?`;
  const count = rules.reduce((sum, change) => sum + change.count, 0);
  return `Rules files now include ${plural(count, "file")} that were not pushed before. Push them?`;
}

function ruleLine({ file, line, pattern, kind, isGone, count, examples: [example = ""] }: RulesChange): string {
  const secret = kind === "secret" ? ", which may hold secrets," : "";
  const files = (count === 1 ? example : `${example} and ${plural(count - 1, "other file")}`) + secret;
  return isGone
    ? `${file} no longer has line ${line}, "${pattern}": ${files} would be pushed to the sandbox.`
    : `${file}:${line} "${pattern}" would push ${files} to the sandbox.`;
}

/** Asks about a push that is larger than the settings' limit, or that deletes most of the sandbox's folder. */
async function approveSize(push: BigPush): Promise<boolean> {
  const { maxFiles, maxBytes } = pushLimits();
  const isBig = push.files > maxFiles || push.bytes > maxBytes;
  const isEmptying = push.deletes > FEW_DELETES && push.deletes > push.known / 2;
  if (!isBig && !isEmptying) return true;
  if (push.isUnattended) return false;

  const amount = `${plural(push.files, "file")}, ${formatBytes(push.bytes)}`;
  const question = isBig
    ? `Push ${amount} to the sandbox?`
    : `Delete ${plural(push.deletes, "file")} in the sandbox that no longer exist here? That is more than half of its files.`;
  const biggest = push.biggest.map(
    ({ path, files, bytes }) => `${path}: ${formatBytes(bytes)}, ${plural(files, "file")}`,
  );
  const detail = [
    push.root,
    ...(isBig
      ? [
          "",
          "The largest files and folders:",
          ...biggest,
          "",
          "To exclude files, add them to .modalignore or .gitignore.",
        ]
      : []),
  ];
  return (await askInDialog(question, detail, PUSH)) === PUSH;
}

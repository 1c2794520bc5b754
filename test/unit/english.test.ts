import assert from "node:assert/strict";
import { readdirSync } from "node:fs";

import { before, describe, it } from "mocha";
import ts from "typescript";

import { readFromRoot } from "./support/sourceFiles";

/** Phrases that no native speaker of American English writes here, and the words to use instead. */
const NEVER_RIGHT: readonly (readonly [name: string, found: RegExp, instead: string])[] = [
  ["to be had", /\bto be had\b|\bbe had\b/i, "is available"],
  ["tells of", /\b(?:tells?|told|telling) of\b/i, "reports, says, shows"],
  ["not … any more", /\bany ?more\b(?=\s*(?:$|[.,;:!?)'"`]|and\b|but\b))/im, "no longer"],
  ["anew", /\banew\b/i, "again"],
  ["upon", /\bupon\b/i, "on, when"],
  ["shall", /\bshall\b/i, "should, will"],
  ["whoever, somebody", /\b(?:whoever|somebody)\b/i, "name the role: the user, another window"],
  ["makes no sense", /\bma(?:kes?|de) no sense\b/i, "is invalid"],
  ["went away", /\bwent away\b/i, "dismissed it, closed"],
  ["becomes of", /\bbec(?:omes?|ame) of\b/i, "happens to"],
  ["has it from", /\b(?:has|have|had) it from\b/i, "gets it from"],
  ["lies in", /\b(?:lies?|lay) (?:in|at|beside|below|above|under)\b/i, "is in"],
  ["mend", /\bmend(?:s|ed|ing)?\b/i, "fix"],
  ["so many, so much", /\bso (?:many|much)\b/i, '"more than this many", "the limit", "N"'],
  ["at once", /\bat once\b/i, '"at the same time" or "immediately"'],
  [
    "go on",
    /\b(?:go|goes|going|gone|went) on\b(?! (?:a|the|its|an|one|every|your)\b)/i,
    "continue, resume, keep running",
  ],
  ["beside", /\bbeside\b/i, "next to; besides"],
  ["texts", /\btexts\b|\ba text\b(?! (?:file|document|editor|field|box|line))/i, "a string, text"],
  ["throws a sentence", /\bthrows? a sentence\b/i, "throws a `UserError`"],
];

/** A comment that begins so is a question or a fragment, not a sentence. */
const FRAGMENT = /^(?:What|Whether|Of (?:all|the|those|each|what)\b|Those (?:that|who)\b)(?![^.]*\?)/;

const files = ["", ".ci/", "media/", "src/", "test/"]
  .flatMap((folder) =>
    readdirSync(folder || ".", { encoding: "utf8", recursive: folder !== "" }).map((path) => folder + path),
  )
  .filter((path) => /\.(?:ts|mjs|js|sh|py|md|json)$|^\.ci\/run$/.test(path))
  .filter((path) => !/node_modules|package-lock|^test\/fixtures\/|^test\/unit\/english\.test\.ts$/.test(path));

describe("plain English", () => {
  let passages: Passage[];

  before(() => {
    passages = files.flatMap(passagesOf);
  });

  for (const [name, found, instead] of NEVER_RIGHT)
    it(`no string or comment says "${name}" (${instead})`, () =>
      assertNone(passages.filter(({ text }) => found.test(text))));

  it("no comment is a bare clause that begins with What, Whether, Of or Those", () =>
    assertNone(passages.filter(({ isComment, text }) => isComment && FRAGMENT.test(text))));
});

/** One line each, so that the editor's terminal links to the place. */
function assertNone(found: readonly Passage[]): void {
  assert.ok(found.length === 0, found.map(({ place, text }) => `${place}: ${text}`).join("\n"));
}

interface Passage {
  readonly place: string;
  readonly text: string;
  readonly isComment: boolean;
}

function passagesOf(path: string): Passage[] {
  const source = readFromRoot(path);
  return /\.(?:ts|mjs|js)$/.test(path) ? passagesOfCode(path, source) : linesOf(path, source);
}

/** Strings, template parts and comments; the comment markers are removed and lines are joined. */
function passagesOfCode(path: string, source: string): Passage[] {
  const tree = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Passage[] = [];
  const add = (position: number, text: string, isComment: boolean): void => {
    const { line } = tree.getLineAndCharacterOfPosition(position);
    found.push({ place: `${path}:${line + 1}`, text: text.replaceAll(/\s+/g, " ").trim(), isComment });
  };
  let rest = source;
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const start = node.getStart(tree);
      if (!ts.isImportDeclaration(node.parent)) add(start, node.text, false);
      rest = rest.slice(0, start) + " ".repeat(node.end - start) + rest.slice(node.end);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  for (const [comment, index] of commentsOf(rest)) add(index, comment, true);
  return found;
}

const isText = (node: ts.Node): node is ts.LiteralLikeNode =>
  ts.isStringLiteralLike(node) ||
  ts.isRegularExpressionLiteral(node) ||
  ts.isTemplateHead(node) ||
  ts.isTemplateMiddleOrTemplateTail(node);

/** Yields the comments of source without strings. Consecutive `//` lines are one comment. */
function* commentsOf(source: string): Generator<[text: string, index: number]> {
  for (const { 0: comment, index } of source.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*/g))
    yield [comment.replaceAll(/^\/\*\*?|\*\/$|^[ \t]*(?:\/\/|\*)/gm, " "), index];
}

/** Code blocks and URLs have words of their own, but the phrases are unlikely there. */
const linesOf = (path: string, source: string): Passage[] =>
  source.split("\n").map((text, index) => ({ place: `${path}:${index + 1}`, text: text.trim(), isComment: false }));

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";

/** The tests run from the root of the checkout, as mocha does. */
const ROOT = process.cwd();

export interface Import {
  readonly specifier: string;
  /** The effect of the compiled import: none, a load with its file, or a load when it is reached. */
  readonly kind: "type" | "value" | "dynamic";
  /** The file it leads to, relative to `src`, if it is in `src`. */
  readonly target: string | undefined;
}

export interface SourceFile {
  /** Relative to `src`, with `/`. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly reexports: readonly string[];
  readonly hasDefaultExport: boolean;
  readonly tree: ts.SourceFile;
}

/** Files that are imported as text. */
const SCRIPT = /\.(?:sh|py|pl)$/;

/** Every TypeScript file below `src`, as the compiler's own parser reads it. */
export function readSourceFiles(): SourceFile[] {
  const src = join(ROOT, "src");
  const all = readdirSync(src, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));
  const paths = all.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")).sort();
  const known = new Set([...paths, ...all.filter((path) => SCRIPT.test(path))]);
  return paths.map((path) => parse(path, readFileSync(join(src, path), "utf8"), known));
}

export const readFromRoot = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The string literals that are keys of object literals or members of types. */
export function propertyNames(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    const isProperty = ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node) || ts.isPropertySignature(node);
    if (isProperty && ts.isStringLiteral(node.name)) found.push(node.name.text);
  });
  return found;
}

/** The string literals that are given to properties of that name. */
export function valuesOf(property: string, tree: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText(tree) !== property) return;
    if (ts.isStringLiteral(node.initializer)) found.push(node.initializer.text);
  });
  return found;
}

/** The first arguments, where they are string literals, of all calls of a function. */
export function firstArguments(tree: ts.SourceFile, functionName: string): string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    if (!ts.isCallExpression(node)) return;
    const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    const [argument] = node.arguments;
    if (ts.isIdentifier(callee) && callee.text === functionName && argument && ts.isStringLiteralLike(argument))
      found.push(argument.text);
  });
  return found;
}

/**
 * The literals that an array has after the word `-c` of a shell or of Python, itself or by the name of a constant in the
 * same file.
 */
export function inlineScripts(tree: ts.SourceFile): string[] {
  const constants = new Map<string, ts.Expression>();
  visit(tree, (node) => {
    if (ts.isVariableDeclaration(node) && node.initializer) constants.set(node.name.getText(tree), node.initializer);
  });
  const found: string[] = [];
  visit(tree, (node) => {
    if (!ts.isArrayLiteralExpression(node)) return;
    const { elements } = node;
    const at = elements.findIndex((element) => ts.isStringLiteral(element) && /^-\w*c$/.test(element.text));
    const next = elements[at + 1];
    if (at < 0 || !next) return;
    const script = constants.get(next.getText(tree)) ?? next;
    if (ts.isStringLiteralLike(script)) found.push(script.text);
    if (ts.isTemplateExpression(script) || ts.isTaggedTemplateExpression(script)) found.push(script.getText(tree));
  });
  return found;
}

function parse(path: string, text: string, known: ReadonlySet<string>): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const reexports: string[] = [];
  let hasDefaultExport = false;
  const add = (specifier: ts.Node | undefined, kind: Import["kind"]) => {
    if (specifier && ts.isStringLiteral(specifier))
      imports.push({ specifier: specifier.text, kind, target: resolve(path, specifier.text, known) });
  };

  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause) ? "type" : "value");
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, "type");
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], "dynamic");
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add(node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
      reexports.push(node.getText(tree));
    }
    if (ts.isExportAssignment(node) || isDefault(node)) hasDefaultExport = true;
  });
  return { path, imports, reexports, hasDefaultExport, tree };
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings } = clause;
  if (clause.name || !namedBindings || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

const isDefault = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);

function resolve(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(dirname(from), specifier);
  return [`${path}.ts`, `${path}/index.ts`, path].find((candidate) => known.has(candidate));
}

function visit(node: ts.Node, on: (node: ts.Node) => void): void {
  on(node);
  ts.forEachChild(node, (child) => visit(child, on));
}

import { UserError } from "../../base/errors";
import type { ImageLayer } from "../../modal/spec";

interface Instruction {
  /** In uppercase. */
  readonly name: string;
  /** The complete instruction, with its line endings. */
  readonly text: string;
  /** The instruction's first line, starting at 1. */
  readonly line: number;
}

/** The number of characters of an instruction that its title shows. */
const TITLE_LENGTH = 80;

/** Instructions that affect the whole Dockerfile or everything below them, and would be lost between two layers. */
const WHOLE = new Set(["ARG", "SHELL", "ONBUILD"]);

/**
 * Splits a Dockerfile into layers that are cached separately. Each layer ends with a RUN, so that a change doesn't
 * affect the layers above it. Throws a `UserError` if the Dockerfile needs files of the folder.
 */
export function dockerfileLayers(text: string, path: string): [ImageLayer, ...ImageLayer[]] {
  const instructions = readInstructions(text);
  for (const instruction of instructions) if (needsFolder(instruction)) throw copiesFiles(path, instruction);
  const stages = instructions.filter(({ name }) => name === "FROM").length;
  if (stages === 0) throw new UserError(`${path} has no FROM instruction. Add one, such as FROM python:3.12-slim.`);

  const isOnePiece = stages > 1 || instructions.some(({ name, text: own }) => WHOLE.has(name) || heredocOf(own));
  if (isOnePiece) return [{ title: path, commands: instructions.map((instruction) => instruction.text) }];
  const [first, ...rest] = groups(instructions).map((group) => layerOf(group, path));
  return first ? [first, ...rest] : [{ title: path, commands: [] }];
}

/** Groups instructions so that each group ends with the one that takes time: the FROM or a RUN. */
function groups(instructions: readonly Instruction[]): Instruction[][] {
  const found: Instruction[][] = [[]];
  for (const instruction of instructions) {
    found.at(-1)?.push(instruction);
    if (instruction.name === "FROM" || instruction.name === "RUN") found.push([]);
  }
  return found.filter((group) => group.length > 0);
}

function layerOf(group: readonly Instruction[], path: string): ImageLayer {
  const last = group.at(-1);
  const words = last?.text.replaceAll(/\s*\\?\s*\n\s*/g, " ") ?? "";
  const shown = words.length > TITLE_LENGTH ? `${words.slice(0, TITLE_LENGTH)}…` : words;
  return { title: `${path}:${last?.line ?? 1} ${shown}`, commands: group.map(({ text }) => text) };
}

function readInstructions(text: string): Instruction[] {
  const found: Instruction[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    if (isBlank(lines[at])) continue;
    const line = at + 1;
    const own = [lines[at] ?? ""];
    while (/\\\s*$/.test(own.at(-1) ?? "") && at + 1 < lines.length) {
      at += 1;
      if (!isBlank(lines[at])) own.push(lines[at] ?? "");
    }
    const end = heredocOf(own.join("\n"));
    while (end !== undefined && at + 1 < lines.length) {
      at += 1;
      own.push(lines[at] ?? "");
      if (lines[at]?.trim() === end) break;
    }
    const joined = own.join("\n").trim();
    found.push({ name: (/^\S+/.exec(joined)?.[0] ?? "").toUpperCase(), text: joined, line });
  }
  return found;
}

const isBlank = (line = "") => /^\s*(#|$)/.test(line);

/** Returns the word that ends the here-document that the instruction begins. */
const heredocOf = (text: string): string | undefined => /^(?:RUN|COPY|ADD)\b.*<<-?["']?(\w+)/i.exec(text)?.[1];

function needsFolder({ name, text }: Instruction): boolean {
  if ((name !== "COPY" && name !== "ADD") || heredocOf(text)) return false;
  const words = text.split(/\s+/).slice(1);
  if (words.some((word) => word.startsWith("--from="))) return false;
  const sources = words.filter((word) => !word.startsWith("--")).slice(0, -1);
  return name === "COPY" || !sources.every((source) => /^(https?|git):\/\//.test(source));
}

const copiesFiles = (path: string, { line, text }: Instruction) =>
  new UserError(
    `${path}:${line} copies files of the folder into the image (${text.split("\n", 1).join("")}), and Modal's SDK can't send them. Remove that line: the folder is synced to every sandbox. For Python packages, use requirements.txt or pyproject.toml as the image.`,
  );

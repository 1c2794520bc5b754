import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { assertNever } from "../../../base/errors";
import type { IsolatedProcess, ProcessExit, SpawnOptions } from "../../base/isolation";
import type { PipeMaker } from "./pipeMaker";
import { pidNamespaceOf, signalSession } from "./sessions";
import STAGE from "./stage.sh";
import { readStageReport, throughShell, type StageReport } from "./stage";

/** The way into a sandbox for a process. */
export interface Entrance {
  /** A command prefix for the shell that runs the stage. That shell must lead a session. */
  readonly prefix: readonly string[];
  /**
   * The sandbox's first process, whose process id namespace the program shares. Undefined if it shares the server's.
   */
  readonly initPid: number | undefined;
  /** The folder in which the server starts the command. */
  readonly cwd: string;
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly pipes: PipeMaker;
}

export type ProcessOptions = Pick<SpawnOptions, "argv" | "env" | "workdir">;

/** Starts a program with pipes for its streams. Resolves when the program is known to exist. */
export async function startProcess(entrance: Entrance, options: ProcessOptions): Promise<IsolatedProcess> {
  const { file, words, env } = stagedCommand(entrance, options);
  const stdin = await entrance.pipes.toProgram();
  const stdout = await entrance.pipes.fromProgram();
  const stderr = await entrance.pipes.fromProgram();
  const pipes = [stdin, stdout, stderr];
  stdin.stream.on("error", () => undefined);
  try {
    const child = spawn(file, words, {
      cwd: entrance.cwd,
      env,
      detached: true,
      stdio: [...pipes.map(({ descriptor }) => descriptor), "pipe"],
    });
    for (const { descriptor } of pipes.splice(0)) closeSync(descriptor);
    const exited = exitOf(child);
    void exited.then(() => stdin.stream.destroy());
    const leader = await leaderOf(child, options, stderr.stream);
    const kill = killer(child, entrance, leader);
    return { stdin: stdin.stream, stdout: stdout.stream, stderr: stderr.stream, exited, kill };
  } catch (error) {
    for (const { descriptor } of pipes) closeSync(descriptor);
    for (const { stream } of [stdin, stdout, stderr]) stream.destroy();
    throw error;
  }
}

/** The command that runs `options` inside `entrance`. It becomes `helper`, which in turn becomes the program. */
export function stagedCommand(entrance: Entrance, options: ProcessOptions, helper: readonly string[] = []) {
  const { env, prefix } = throughShell({ ...entrance.baseEnv, ...options.env });
  const [file = "/bin/sh", ...words] = [
    ...entrance.prefix,
    ...["/bin/sh", "-c", STAGE, "sh", options.workdir, options.argv[0]],
    ...[...prefix, ...helper, ...options.argv],
  ];
  return { file, words, env };
}

/** The program's process id in its own namespace. Rejects if the program or folder does not exist. */
export async function leaderOf(child: ChildProcess, options: ProcessOptions, stderr: Readable | null): Promise<number> {
  const channel = child.stdio[3];
  if (!(channel instanceof Readable)) throw new TypeError("The stage needs a pipe at descriptor 3.");
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const report = readStageReport(await Promise.race([firstLine(channel), failed]));
  channel.destroy();
  if (report.kind === "ready") return report.pid;
  throw await startFailure(report.kind, options, stderr);
}

/**
 * Reads one line and not to the end, because a process outside the sandbox keeps the descriptor open while the program
 * runs.
 */
export function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    stream.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      if (received.includes("\n")) resolve(received);
    });
    stream.once("close", () => resolve(received));
  });
}

export function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      if (signal === null) resolve({ kind: "code", code: code ?? 0 });
      else resolve({ kind: "signal", signal: constants.signals[signal] });
    });
  });
}

export function killer(child: ChildProcess, entrance: Entrance, leader: number): IsolatedProcess["kill"] {
  const pidNamespace = pidNamespaceOf(entrance.initPid ?? "self");
  return (signal) => {
    signalSession({ id: leader, pidNamespace }, signal);
    // The waiting process outside was stopped along with the program and would never see it end.
    if (signal === "SIGCONT" && entrance.initPid !== undefined) child.kill(signal);
  };
}

async function startFailure(
  kind: Exclude<StageReport["kind"], "ready">,
  { argv, workdir }: ProcessOptions,
  stderr: Readable | null,
): Promise<Error> {
  switch (kind) {
    case "program":
      return missing(`There is no program ${JSON.stringify(argv[0])} in the sandbox.`);
    case "workdir":
      return missing(`There is no folder ${JSON.stringify(workdir)} in the sandbox.`);
    case "nothing": {
      const detail = stderr ? (await text(stderr)).trim() : "";
      return new Error(`The sandbox cannot be entered${detail === "" ? "." : `: ${detail}`}`);
    }
    default:
      return assertNever(kind);
  }
}

const missing = (message: string): Error => Object.assign(new Error(message), { code: "ENOENT" });

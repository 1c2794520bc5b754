import { messageOf } from "../../../base/errors";
import type { ProcessExit } from "../../base/isolation";
import type { Program } from "../../sandbox/program";
import type { Sandbox } from "../../sandbox/sandbox";
import { readPty } from "../../sandbox/sandboxSpec";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import type { SecretStore } from "../../storage/secrets";
import type { Spool } from "../../streams/spool";
import { deadlineExceeded, failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type {
  ExecRef,
  ExecStartRequest,
  ExitStatus,
  OutputPosition,
  StdinStreamMessage,
  TaskCommandRouter,
} from "../../protocol/routerMessages";
import { mergeSecrets, mergeSources } from "../storage/secrets";
import { within } from "../../base/timeLimit";

const PIPE = 1;
const MAX_ARGUMENT_BYTES = 2 ** 16;

/** Calls to a running sandbox: programs in it, with their input and output. */
export function routerService(sandboxes: SandboxStore, secrets: SecretStore): TaskCommandRouter {
  const find = async ({ taskId, execId }: ExecRef): Promise<{ sandbox: Sandbox; program: Program }> => {
    const sandbox = sandboxes.byTask(taskId);
    const program = await sandbox.execs.get(execId);
    if (!program) throw notFound(`Exec ${execId} was not found in sandbox ${sandbox.id}.`);
    return { sandbox, program };
  };

  return {
    async taskExecStart(request) {
      const sandbox = sandboxes.byTask(request.taskId);
      const container = sandbox.containerOf(request.containerId);
      const [program, ...rest] = request.commandArgs;
      checkStart(request);
      if (program === undefined) throw invalidArgument("An exec needs a program to run.");

      const pty = readPty(request.ptyInfo);
      await sandbox.execs
        .start(request.execId, container.runningRoot(), {
          argv: [program, ...rest],
          env: {
            ...container.environment,
            ...mergeSecrets(secrets, request.secretIds),
            ...request.env,
            ...mergeSources(secrets, request.secretSources),
          },
          workdir: request.workdir ?? container.workdir,
          ...(pty && { pty }),
          keepsStdout: request.stdoutConfig === PIPE,
          keepsStderr: request.stderrConfig === PIPE,
          timeoutMs: request.timeoutSecs === undefined ? undefined : request.timeoutSecs * 1000,
        })
        .catch((error: unknown) => {
          container.runningRoot();
          throw failedPrecondition(`The program could not be started: ${messageOf(error)}`);
        });
      return {};
    },

    async taskExecStdinWrite(request, { signal }) {
      const { sandbox, program } = await find(request);
      sandbox.activity.touch();
      await program.stdin.write(request.offset, request.data, signal);
      if (request.eof) program.stdin.close();
      return {};
    },

    async taskExecStdinWriteStream(messages, { signal }) {
      await receiveStdin(messages, async (ref) => (await find(ref)).program, signal);
      return {};
    },

    async taskExecStdinStatus(request) {
      const { program } = await find(request);
      program.stdin.evictStream();
      return { numBytesWritten: program.stdin.accepted, closed: program.stdin.isClosed };
    },

    async *taskExecStdioRead(request, { signal }) {
      const { program } = await find(request);
      const spool = request.fileDescriptor === 0 ? program.stdout : program.stderr;
      if (!spool) return;
      for await (const data of spool.read(request.offset, signal)) yield { data };
    },

    async taskExecWait(request, { signal }) {
      const { program } = await find(request);
      return exitStatus(await program.exit.wait(signal));
    },

    async taskExecPoll(request) {
      const { program } = await find(request);
      return program.exit.value ? exitStatus(program.exit.value) : {};
    },

    async *sandboxStdioReadV2(request, { signal }) {
      const spool = entrypointOutput(sandboxes.byTask(request.taskId), request);
      let startingOffset = request.offset;
      for await (const data of spool.read(request.offset, signal)) {
        yield { data, startingOffset };
        startingOffset += data.length;
      }
    },

    async sandboxStdinWriteV2(request, { signal }) {
      const sandbox = sandboxes.byTask(request.taskId);
      const { stdin } = sandbox.container.entrypoint();
      sandbox.activity.touch();
      await stdin.write(request.offset, request.data, signal);
      if (request.eof) stdin.close();
      return {};
    },

    async sandboxWaitUntilReady({ taskId, timeout }, { signal }) {
      const sandbox = sandboxes.byTask(taskId);
      if (!sandbox.spec.probe) throw failedPrecondition(`Sandbox ${sandbox.id} has no readiness probe.`);
      sandbox.container.runningRoot();
      const readyAt = await within(timeout, signal, (limit) => sandbox.whenReady(limit));
      if (readyAt !== undefined) return { readyAt };
      if (sandbox.result) throw notFound(`Sandbox ${sandbox.id} ended before it was ready.`);
      throw deadlineExceeded(`Sandbox ${sandbox.id} was not ready in time.`);
    },
  };
}

function checkStart(request: ExecStartRequest): void {
  const size = request.commandArgs.reduce((sum, argument) => sum + Buffer.byteLength(argument), 0);
  if (size > MAX_ARGUMENT_BYTES) throw invalidArgument(`The arguments are longer than ${MAX_ARGUMENT_BYTES} bytes.`);
  if (request.workdir !== undefined && !request.workdir.startsWith("/"))
    throw invalidArgument(`The working directory must be an absolute path, not "${request.workdir}".`);
}

/** Writes a whole upload. Only its last message closes the input, so that an interrupted upload can be resumed. */
async function receiveStdin(
  messages: AsyncIterable<StdinStreamMessage>,
  find: (ref: ExecRef) => Promise<Program>,
  signal: AbortSignal,
): Promise<void> {
  let target: { readonly program: Program; readonly requireTurn: () => void } | undefined;
  let offset = 0;
  for await (const { start, data, end } of messages) {
    if (start) {
      const program = await find(start);
      target = { program, requireTurn: program.stdin.beginStream() };
      offset = start.offset;
      continue;
    }
    if (!target) throw invalidArgument("The first message of an upload must name its exec.");
    target.requireTurn();
    if (data) {
      await target.program.stdin.write(offset, data, signal);
      offset += data.length;
    }
    if (end) target.program.stdin.close();
  }
}

const entrypointOutput = (sandbox: Sandbox, { fileDescriptor }: OutputPosition): Spool =>
  fileDescriptor === 0 ? sandbox.stdout : sandbox.stderr;

const exitStatus = (exit: ProcessExit): ExitStatus =>
  exit.kind === "code" ? { code: exit.code } : { signal: exit.signal };

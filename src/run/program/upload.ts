import { UserError } from "../../base/errors";
import { collect, type ExecGateway } from "../../modal/exec";
import UPLOAD from "./remote/upload.sh";

export interface Upload {
  readonly sandboxId: string;
  /** Created if it doesn't exist, as a push would do. */
  readonly workdir: string;
  readonly path: string;
  readonly content: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * Writes one file, which is never incomplete. If a program had put something in its place, returns the path where that
 * is now.
 */
export async function upload(exec: ExecGateway, request: Upload): Promise<string | undefined> {
  const { sandboxId, workdir, path, content, signal } = request;
  const keptAs = `${path}.sandbox-${new Date().toISOString().replaceAll(/\D/g, "")}`;
  const process = await exec.exec(sandboxId, ["sh", "-c", UPLOAD, "sh", workdir, path, keptAs], {}, signal);
  if (content.length > 0) await process.write(content);
  const { exitCode, stdout, stderr } = await collect(process);
  if (exitCode !== 0)
    throw new UserError(`${path} can't be written in the sandbox: ${stderr.trim() || `exit code ${exitCode}`}.`);
  return stdout.includes("kept") ? keptAs : undefined;
}

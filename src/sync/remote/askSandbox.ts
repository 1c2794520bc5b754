import { UserError } from "../../base/errors";
import { inventoryCommand } from "../folder/inventory";
import { connectionLost } from "../push/pushErrors";
import { NEVER_LISTED } from "../folder/pullNames";
import { EMPTY_LISTING, listerCommand, ListerExit } from "./remoteListing";
import type { Exec } from "./remoteProcess";

/** Runs the script of an `ask` call in a sandbox and returns its output. */
export async function askSandbox(exec: Exec, remotePath: string, script: string): Promise<string> {
  const process = await exec(inventoryCommand(remotePath));
  const input = Buffer.from(script);
  try {
    for (let sent = 0; sent < input.length; sent += PART_BYTES)
      await process.write(input.subarray(sent, sent + PART_BYTES));
    await process.closeInput();
    const [{ stdout }] = await Promise.all([process.output, process.exitCode]);
    return stdout;
  } catch (error) {
    throw error instanceof UserError ? error : connectionLost(error);
  }
}

const PART_BYTES = 1024 * 1024;

/**
 * Lists everything in a sandbox's folder for `ListingParser`: an empty listing if there is no such folder, `undefined`
 * if the sandbox cannot list it.
 */
export async function listSandbox(exec: Exec, remotePath: string): Promise<string | undefined> {
  const process = await exec(listerCommand(remotePath, ".", NEVER_LISTED));
  await process.closeInput().catch(() => undefined);
  const [{ stdout }, exitCode] = await Promise.all([process.output, process.exitCode]);
  if (exitCode === ListerExit.noFolder) return EMPTY_LISTING;
  return exitCode === 0 ? stdout : undefined;
}

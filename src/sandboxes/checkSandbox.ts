import { UserError } from "../base/errors";
import { check, WARNING, type Finding } from "../modal/checkConnection";
import { collect, type ExecGateway } from "../modal/exec";
import type { SandboxSpec } from "../modal/spec";
import MISSING_TOOLS from "./missingTools.sh";
import type { RunningSandbox } from "./sandbox";
import type { SandboxService } from "./sandboxService";

export interface SandboxCheckOptions {
  readonly sandboxes: SandboxService;
  readonly exec: ExecGateway;
  /** The check creates a sandbox of this spec, and terminates it in the end. */
  readonly spec: SandboxSpec;
}

/** The programs that the extension uses in a sandbox, and what doesn't work without each. */
const TOOLS = [
  { name: "sh", use: "nothing can run" },
  { name: "tar", use: "folders cannot be synced" },
  { name: "setsid", use: "Ctrl+C reaches only the program itself" },
  { name: "bash", use: "shells open sh instead" },
  { name: "python3", use: "Python files cannot run" },
] as const;
const REQUIRED: ReadonlySet<string> = new Set(["sh", "tar"]);

/** Creates a sandbox, looks for the tools that the extension uses, and terminates it again. */
export async function* checkSandbox(options: SandboxCheckOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  const { sandboxes, exec, spec } = options;
  let sandbox: RunningSandbox | undefined;
  const created = await check("Sandbox", async () => {
    const startedAt = performance.now();
    sandbox = await sandboxes.create({ spec, folder: "" }, signal);
    return `A sandbox with ${spec.image.label} started after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`;
  });
  yield created;
  if (!sandbox) return;

  const { key, phase } = sandbox;
  try {
    yield await check("Tools", () => tools(exec, phase.id, signal));
  } finally {
    await sandboxes.terminate(key, new AbortController().signal);
  }
}

async function tools(exec: ExecGateway, sandboxId: string, signal: AbortSignal): Promise<string> {
  const argv = ["sh", "-c", MISSING_TOOLS, "sh", ...TOOLS.map(({ name }) => name)];
  const { stdout } = await collect(await exec.exec(sandboxId, argv, {}, signal));
  const absent = new Set(stdout.split("\n").filter(Boolean));
  if (absent.size === 0) return `${TOOLS.map(({ name }) => name).join(", ")} are available.`;

  const lacks = TOOLS.filter(({ name }) => absent.has(name)).map(({ name, use }) => `${name} (${use})`);
  throw new UserError(`The image lacks ${lacks.join(", ")}. Choose an image that has them.`, {
    ...(![...absent].some((name) => REQUIRED.has(name)) && { code: WARNING }),
    actions: [
      { title: "Open Settings", command: "workbench.action.openSettings", arguments: ["modalSandboxes.image"] },
    ],
  });
}

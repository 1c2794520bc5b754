/** The report of stage.sh. "nothing" if it ended before it could report. */
export type StageReport =
  { readonly kind: "ready"; readonly pid: number } | { readonly kind: "workdir" | "program" | "nothing" };

export function readStageReport(text: string): StageReport {
  const [word, pid] = text.trim().split(" ");
  if (word === "ready") return { kind: "ready", pid: Number(pid) };
  return { kind: word === "workdir" || word === "program" ? word : "nothing" };
}

/**
 * Splits variables into those that the shell's own environment can carry, and a command prefix that sets the others.
 */
export function throughShell(variables: Readonly<Record<string, string>>) {
  const env: Record<string, string> = {};
  const assignments: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (isPassedOn(name)) env[name] = value;
    else assignments.push(`${name}=${value}`);
  }
  return { env, prefix: assignments.length === 0 ? [] : ["/usr/bin/env", ...assignments] };
}

/** False for names that the dynamic loader or the shell interprets, and for names that a shell drops. */
const isPassedOn = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && !SHELL_NAMES.test(name);

const SHELL_NAMES = /^(LD_.*|DYLD_.*|BASH.*|SHELLOPTS|IFS|OPTIND|PWD|OLDPWD|ENV|PPID|PS4|found|folder)$/;

import { quote } from "../../../base/quote";

/**
 * The last step before a program: a POSIX shell inside the sandbox that enters the working directory, looks the program
 * up, reports the result on descriptor 3, and becomes the program, or the command that `prefix` makes of it.
 * Arguments: the working directory, then the program's argv.
 */
export const stage = (prefix: readonly string[]): string => `
cd -- "$1" 2>/dev/null || { echo workdir >&3; exit 126; }
shift
case $1 in
  */*) [ -e "$1" ] && found=yes ;;
  *) IFS=:; for folder in $PATH; do [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && found=yes && break; done; unset IFS ;;
esac
[ -n "$found" ] || { echo program >&3; exit 127; }
unset found folder OLDPWD
echo ready $$ >&3
exec 3>&- ${prefix.map(quote).join(" ")} "$@"
`;

/** The stage's report. "nothing" if the stage ended before it could report. */
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

import { invalidArgument } from "./errors";

export function requireMountable(path: string): void {
  if (!path.startsWith("/") || path.split("/").includes(".."))
    throw invalidArgument(`"${path}" is not an absolute path.`);
  if (/^\/+$/.test(path) || /^\/(proc|sys|dev)(\/|$)/.test(path))
    throw invalidArgument(`Nothing can be mounted at "${path}".`);
}

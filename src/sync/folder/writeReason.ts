import { codeOf, messageOf } from "../../base/errors";
import { Refusal } from "./folderWriter";

/** Returns the reason why something was not written: a phrase that follows the path. */
export function writeReason(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return "cannot be written: no space is left";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "cannot be written: permission denied";
    case "ENAMETOOLONG":
      return "has a name that is too long here";
    default:
      return `cannot be written: ${messageOf(error)}`;
  }
}

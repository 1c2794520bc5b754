import { codeOf, messageOf } from "../../base/errors";

/** The SDK's kinds of failures. It throws a different error class for each. */
export type FailureKind =
  | "NotFound"
  | "NotDirectory"
  | "IsDirectory"
  | "PermissionDenied"
  | "PathAlreadyExists"
  | "DirectoryNotEmpty"
  | "FileTooLarge"
  | "NotSupported"
  | "InvalidRequest"
  | "Unknown";

export class FsFailure extends Error {
  override readonly name = "FsFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The SDK appends the path to the message. */
export function toFailure(error: unknown): { error_kind: FailureKind; message: string; detail: string } {
  const detail = messageOf(error);
  if (error instanceof FsFailure) return { error_kind: error.kind, message: error.message, detail };
  const known = SYSTEM_ERRORS[codeOf(error) ?? ""];
  if (known) return { error_kind: known[0], message: known[1], detail };
  return { error_kind: "Unknown", message: detail, detail };
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [FailureKind, string]>> = {
  ENOENT: ["NotFound", "No such file or directory"],
  ENOTDIR: ["NotDirectory", "Not a directory"],
  EISDIR: ["IsDirectory", "Is a directory"],
  EACCES: ["PermissionDenied", "Permission denied"],
  EPERM: ["PermissionDenied", "Operation not permitted"],
  EROFS: ["PermissionDenied", "The file system is read-only"],
  EEXIST: ["PathAlreadyExists", "The path already exists"],
  ENOTEMPTY: ["DirectoryNotEmpty", "The directory is not empty"],
  ENOTSUP: ["NotSupported", "Operation not supported"],
  ELOOP: ["NotFound", "Too many levels of symbolic links"],
};

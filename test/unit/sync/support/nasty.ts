import { directory, file, symlink, type Listing } from "./folders";

const long = (length: number, fill = "n") => fill.repeat(length);

/** Everything that a tree on a POSIX file system may contain and a naive sync breaks. */
export const nasty: Listing = {
  "plain.txt": file(),
  "-leading dash": file(),
  "--version": file(),
  " edge spaces ": file(),
  "new\nline": file(),
  "tab\there": file(),
  "quotes'\"`$(touch pwned)`;&|": file(),
  "back\\slash": file(),
  "back\\nslash\\101": file(),
  "star*?[a]": file(),
  "#hash": file(),
  "~": file(),
  "…": file(),
  "..dots": file(),
  "...": directory(),
  ".hidden": file(),
  "nfc-\u00e9": file("composed"),
  "nfd-e\u0301": file("decomposed"),
  "emoji-🚀": file(),
  CASE: file("upper"),
  case: file("lower"),
  [long(255)]: file(),
  [`é${long(253)}`]: file(),
  [long(99)]: file(),
  [long(100, "m")]: file(),
  [`${long(150, "d")}/${long(150, "e")}/${long(200, "f")}`]: file("deep"),
  [Array.from({ length: 20 }, () => long(50, "p")).join("/")]: file("a path of 1,000 bytes"),
  [`${Array.from({ length: 8 }, () => "ü".repeat(20)).join("/")}/ü`]: file("unicode and long"),
  "-folder/-file": file(),
  "new\nfolder/x": file(),
  empty: file(""),
  "size-511": file(Buffer.alloc(511, 1)),
  "size-512": file(Buffer.alloc(512, 2)),
  "size-513": file(Buffer.alloc(513, 3)),
  "size-part": file(Buffer.alloc(512 * 1024, 4)),
  "size-part-and-one": file(Buffer.alloc(512 * 1024 + 1, 5)),
  big: file(Buffer.alloc(3_000_001, "big file ")),
  crlf: file("#!/bin/sh\r\necho\r\n"),
  executable: file("#!/bin/sh\n", 0o755),
  private: file("mine", 0o600),
  "read-only": file("fixed", 0o444),
  "set-id": file("id", 0o4755),
  "empty folder": directory(),
  "private folder": directory(0o700),
  "read-only folder/inside": file(),
  "read-only folder": directory(0o555),
  "to-file": symlink("plain.txt"),
  "to-folder": symlink("empty folder"),
  absolute: symlink("/etc/hostname"),
  dangling: symlink("nowhere"),
  loop: symlink("loop"),
  escaping: symlink("../../outside"),
  "to-new\nline": symlink("new\nline"),
  "to-unicode": symlink("nfd-e\u0301"),
  "to-long": symlink(long(150, "t")),
  "folder/up": symlink("../folder"),
};

/** The part of `nasty` that no pull accepts: links that lead out of the folder, and names with control characters. */
export const REFUSED = [
  "absolute",
  "escaping",
  "new\nfolder",
  "new\nfolder/x",
  "new\nline",
  "tab\there",
  "to-new\nline",
];

/** True if a line of `listTree` describes an entry that no pull accepts. */
export const isRefused = (line: string): boolean =>
  REFUSED.includes(JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? '""') as string);

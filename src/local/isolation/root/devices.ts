/** Patterns of the entries in a sandbox's `/dev`: the harmless devices, and accelerators. */
export const DEVICES: readonly string[] = [
  ...["null", "zero", "full", "random", "urandom", "tty"],
  ...["nvidia*", "dri", "kfd", "dxg", "infiniband", "fuse", "net"],
];

/** Links that are the same in every `/dev`. */
export const DEVICE_LINKS: Readonly<Record<string, string>> = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
  ptmx: "pts/ptmx",
};

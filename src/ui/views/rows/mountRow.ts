import type { VolumeMount } from "../../../modal/spec";
import { joined, type Row } from "./row";

export function mountRow({ volume, path, isReadOnly }: VolumeMount): Row {
  const access = isReadOnly ? "read-only" : undefined;
  return {
    label: volume,
    description: joined(path, access),
    icon: { id: "database" },
    contextValue: "mount",
    spoken: [`Volume ${volume} at ${path}`, access].filter(Boolean).join(", "),
  };
}

import { formatBytes } from "../../base/format";
import type { PullPlan } from "./pullPlan";

/** Removes the biggest files until the rest is within the limit. */
export function withoutBiggest(plan: PullPlan, maxBytes: number): PullPlan {
  if (plan.bytes <= maxBytes) return plan;
  const wanted = new Map(plan.wanted);
  const skipped = [...plan.skipped];
  let { bytes } = plan;
  for (const { path, size } of [...wanted.values()].sort((a, b) => b.size - a.size)) {
    if (bytes <= maxBytes) break;
    wanted.delete(path);
    bytes -= size;
    skipped.push({ path, reason: `stays in the sandbox (${formatBytes(size)})` });
  }
  return { ...plan, wanted, bytes, skipped };
}

/** Keeps the first files of the list. */
export function upTo(maxFiles: number, plan: PullPlan): PullPlan {
  if (plan.wanted.size <= maxFiles && plan.folders.length <= maxFiles) return plan;
  const all = [...plan.wanted];
  const reason = `stays in the sandbox (more than ${maxFiles.toLocaleString("en-US")} files)`;
  const left = all.slice(maxFiles);
  return {
    ...plan,
    wanted: new Map(all.slice(0, maxFiles)),
    folders: plan.folders.slice(0, maxFiles),
    bytes: plan.bytes - left.reduce((sum, [, { kind, size }]) => sum + (kind === "file" ? size : 0), 0),
    skipped: [...plan.skipped, ...left.map(([path]) => ({ path, reason }))],
  };
}

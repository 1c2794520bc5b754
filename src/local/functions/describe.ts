import { nothing } from "../network/outboundPolicy";
import { text } from "node:stream/consumers";
import type { Isolation } from "../base/isolation";
import DESCRIBE from "./describe.py";

export interface DescribedMethod {
  readonly name: string;
  readonly isGenerator: boolean;
  /** "endpoint" if it answers web requests itself, "app" if it is a whole web server. */
  readonly web: "endpoint" | "app" | null;
}

export interface DescribedParameter {
  readonly name: string;
  readonly type: "str" | "int" | "bool" | "bytes" | "unknown";
  readonly hasDefault?: boolean;
  /** Bytes as base64. */
  readonly default?: string | number | boolean | null;
}

export interface DescribedClass {
  readonly name: string;
  readonly methods: readonly DescribedMethod[];
  readonly parameters: readonly DescribedParameter[];
}

/** The public names of a Python file, or the reason why Python cannot read it. */
export type Description =
  | { readonly functions: readonly DescribedMethod[]; readonly classes: readonly DescribedClass[] }
  | { readonly fault: string };

/** Lists the names that a file defines, without running it. */
export async function describeModule(isolation: Isolation, source: string): Promise<Description> {
  const root = await isolation.createRoot({ sandboxId: "describe", allowlist: nothing });
  try {
    const process = await root.spawn({ argv: ["python3", "-Ic", DESCRIBE], env: {}, workdir: "/workspace" });
    process.stderr.resume();
    process.stdin.end(source);
    return JSON.parse(await text(process.stdout)) as Description;
  } finally {
    await root.dispose();
  }
}

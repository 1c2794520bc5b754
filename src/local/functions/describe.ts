import { nothing } from "../network/outboundPolicy";
import { text } from "node:stream/consumers";
import type { Isolation } from "../base/isolation";
import { PYTHON_DESCRIBE } from "./pythonRunner";

export interface DescribedMethod {
  readonly name: string;
  readonly isGenerator: boolean;
  /** Whether it answers requests of the web itself, or is a whole server of them. */
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

/** The public names of a Python file, or why Python cannot read it. */
export type Description =
  | { readonly functions: readonly DescribedMethod[]; readonly classes: readonly DescribedClass[] }
  | { readonly fault: string };

/** Asks Python what the file offers, without running it. */
export async function describeModule(isolation: Isolation, source: string): Promise<Description> {
  const root = await isolation.createRoot({ sandboxId: "describe", allowlist: nothing });
  try {
    const process = await root.spawn({ argv: ["python3", "-Ic", PYTHON_DESCRIBE], env: {}, workdir: "/workspace" });
    process.stderr.resume();
    process.stdin.end(source);
    return JSON.parse(await text(process.stdout)) as Description;
  } finally {
    await root.dispose();
  }
}

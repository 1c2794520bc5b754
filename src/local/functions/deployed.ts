import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { codeOf } from "../../base/errors";
import type { DescribedClass, DescribedMethod, Description } from "./describe";

/** The target of a name in a deployed app. */
export type Deployed = { readonly files: Files; readonly module: string; readonly version: string } & (
  | { readonly kind: "function"; readonly function: DescribedMethod }
  | { readonly kind: "class"; readonly class: DescribedClass }
);

type Files = Readonly<Record<string, string>>;

export type Lookup = { readonly found: Deployed } | { readonly fault: string } | undefined;

const FILE = /^[A-Za-z_]\w*\.py$/;

/**
 * Deployed functions are Python files. Each public top-level function in `<folder>/<app>/<any>.py` is a function of
 * that app under its own name, and each public class is one under its name with ".*". The files of an app can import
 * each other.
 */
export class DeployedFunctions {
  readonly #folder: string;
  readonly #describe: (source: string) => Promise<Description>;
  readonly #descriptions = new Map<string, Promise<Description>>();

  constructor(folder: string, describe: (source: string) => Promise<Description>) {
    this.#folder = folder;
    this.#describe = describe;
  }

  /** The names of the apps that have a folder. */
  apps(): readonly string[] {
    return entriesOf(this.#folder).filter((name) => /^[\w.-]{1,64}$/.test(name) && !name.startsWith("."));
  }

  /** The result is a fault if a file that might define the name cannot be read. */
  async find(app: string, tag: string): Promise<Lookup> {
    const { all, faults } = await this.#read(app);
    const found = all.find((deployed) => tagOf(deployed) === tag);
    if (found) return { found };
    const [fault] = faults;
    return fault === undefined ? undefined : { fault };
  }

  async all(app: string): Promise<readonly Deployed[]> {
    return (await this.#read(app)).all;
  }

  async #read(app: string): Promise<{ all: readonly Deployed[]; faults: readonly string[] }> {
    const files = filesOf(join(this.#folder, app));
    const version = hashOf(JSON.stringify(files));
    const all: Deployed[] = [];
    const faults: string[] = [];
    for (const [name, source] of Object.entries(files)) {
      const description = await this.#describeOnce(source);
      if ("fault" in description) {
        faults.push(`${name}: ${description.fault}`);
        continue;
      }
      const common = { files, module: basename(name, ".py"), version };
      all.push(...description.functions.map((f) => ({ ...common, kind: "function", function: f }) as const));
      all.push(...description.classes.map((c) => ({ ...common, kind: "class", class: c }) as const));
    }
    return { all, faults };
  }

  #describeOnce(source: string): Promise<Description> {
    const key = hashOf(source);
    const known = this.#descriptions.get(key);
    if (known) return known;
    const description = this.#describe(source);
    this.#descriptions.set(key, description);
    description.catch(() => this.#descriptions.delete(key));
    return description;
  }
}

export const tagOf = (deployed: Deployed): string =>
  deployed.kind === "function" ? deployed.function.name : `${deployed.class.name}.*`;

const filesOf = (folder: string): Files =>
  Object.fromEntries(
    entriesOf(folder)
      .filter((name) => FILE.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

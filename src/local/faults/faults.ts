import { readFileSync, statSync } from "node:fs";
import { delay } from "../../base/async";
import { codeOf, messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { noFaults, readFaultPlan, type FaultPlan, type FaultRule, type LinkPlan } from "./faultPlan";
import { seededRandom } from "./seededRandom";

const CAPACITY_POLL_MS = 50;

export interface FaultOptions {
  /** The path of the plan. The file may come and go while the server runs. */
  readonly file: string | undefined;
  /** GPU types that never become available, in capitals. */
  readonly gpusWithoutCapacity: ReadonlySet<string>;
  readonly log: Logger;
}

/**
 * Injects the planned faults. Every use checks whether the plan has changed, so that a change takes effect immediately.
 */
export class Faults {
  readonly #options: FaultOptions;
  #plan: FaultPlan = noFaults;
  #counts: { left: number; random: () => number }[] = [];
  #readAt = 0;
  #version = "";

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#options.file !== undefined;
  }

  /** The rules that apply to this call. Each query counts as one call. */
  rulesFor(method: string): readonly FaultRule[] {
    this.#refresh();
    return this.#plan.rules.filter((rule, index) => rule.rpc.test(method) && this.#isMet(rule, index));
  }

  get link(): LinkPlan {
    this.#refresh();
    return this.#plan.link;
  }

  /** The lifetime of a token issued now. */
  tokenSeconds(usual: number): number {
    this.#refresh();
    return this.#plan.tokenSeconds ?? usual;
  }

  hasCapacity(gpuType: string): boolean {
    if (this.#options.gpusWithoutCapacity.has(gpuType)) return false;
    this.#refresh();
    const secs = this.#plan.noCapacity.get(gpuType) ?? 0;
    return Date.now() >= this.#readAt + secs * 1000;
  }

  async untilCapacity(gpuType: string, signal: AbortSignal): Promise<void> {
    while (!this.hasCapacity(gpuType)) await delay(CAPACITY_POLL_MS, signal);
  }

  #isMet(rule: FaultRule, index: number): boolean {
    const count = this.#counts[index];
    if (!count || count.left <= 0 || count.random() >= rule.share) return false;
    count.left -= 1;
    return true;
  }

  #refresh(): void {
    const { file, log } = this.#options;
    if (file === undefined) return;
    const version = versionOf(file);
    if (version === this.#version) return;
    this.#version = version;
    try {
      this.#use(version === "" ? noFaults : readFaultPlan(readFileSync(file, "utf8")));
      log.info(`faults: ${this.#plan.rules.length} rules from ${file}`);
    } catch (error) {
      log.warn(`The earlier faults stay active, because ${file} is invalid: ${messageOf(error)}`);
    }
  }

  #use(plan: FaultPlan): void {
    this.#plan = plan;
    this.#readAt = Date.now();
    this.#counts = plan.rules.map(({ times }, index) => ({ left: times, random: seededRandom(plan.seed + index) }));
  }
}

function versionOf(file: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs].join();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}

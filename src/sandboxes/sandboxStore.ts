import type { Disposable } from "../base/disposable";
import { Emitter } from "../base/event";
import { legalTransitions, sandboxIdOf, type Sandbox, type SandboxPhase } from "./sandbox";

export interface SandboxChange {
  readonly added: readonly Sandbox[];
  readonly changed: readonly Sandbox[];
  readonly removed: readonly Sandbox[];
}

/** The single source of truth about sandboxes. It does no I/O: services write to it, views read from it. */
export class SandboxStore implements Disposable {
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #changed = new Emitter<SandboxChange>();
  readonly onDidChangeSandboxes = this.#changed.event;

  /** Newest first. */
  get all(): readonly Sandbox[] {
    return [...this.#sandboxes.values()].sort((a, b) => b.createdAt - a.createdAt);
  }

  get(key: string): Sandbox | undefined {
    return this.#sandboxes.get(key);
  }

  findById(id: string): Sandbox | undefined {
    return [...this.#sandboxes.values()].find((sandbox) => sandboxIdOf(sandbox) === id);
  }

  add(sandbox: Sandbox): void {
    this.apply({ put: [sandbox], removeKeys: [] });
  }

  remove(key: string): void {
    this.apply({ put: [], removeKeys: [key] });
  }

  /**
   * Moves a sandbox to another phase. A sandbox that has left the store stays out. Throws if the transition is illegal.
   */
  transition(key: string, phase: SandboxPhase): void {
    const sandbox = this.#sandboxes.get(key);
    if (!sandbox) return;
    if (!legalTransitions[sandbox.phase.kind].includes(phase.kind))
      throw new Error(`A sandbox cannot go from ${sandbox.phase.kind} to ${phase.kind}.`);
    this.apply({ put: [{ ...sandbox, phase }], removeKeys: [] });
  }

  /** Applies several changes and fires one event. Records that equal the existing ones change nothing. */
  apply(changes: { readonly put: readonly Sandbox[]; readonly removeKeys: readonly string[] }): void {
    const added: Sandbox[] = [];
    const changed: Sandbox[] = [];
    for (const sandbox of changes.put) {
      const known = this.#sandboxes.get(sandbox.key);
      if (known && JSON.stringify(known) === JSON.stringify(sandbox)) continue;
      this.#sandboxes.set(sandbox.key, sandbox);
      (known ? changed : added).push(sandbox);
    }
    const removed = changes.removeKeys.flatMap((key) => {
      const sandbox = this.#sandboxes.get(key);
      this.#sandboxes.delete(key);
      return sandbox ? [sandbox] : [];
    });
    if (added.length + changed.length + removed.length > 0) this.#changed.fire({ added, changed, removed });
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

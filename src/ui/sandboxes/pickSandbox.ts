import { UserError } from "../../base/errors";
import type { Clock } from "../../base/ports";
import { describeSandbox } from "../../sandboxes/describe";
import { isRunning, type RunningSandbox } from "../../sandboxes/sandbox";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import { pickOne } from "../outsideText";
import type { SandboxNode } from "../views/nodes";

/** Finds the running sandbox that a command applies to. */
export class SandboxPicker {
  readonly #store: SandboxStore;
  readonly #clock: Clock;

  constructor(store: SandboxStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get hasRunning(): boolean {
    return this.#store.all.some(isRunning);
  }

  /**
   * Returns the clicked sandbox, the only one, or the one that the user picks; `undefined` if the user dismissed it.
   */
  async pick(placeHolder: string, node?: SandboxNode): Promise<RunningSandbox | undefined> {
    const running = this.#store.all.filter(isRunning);
    const clicked = running.find(({ key }) => key === node?.key);
    if (clicked) return clicked;
    const [first] = running;
    if (!first) throw this.#store.all.some(({ phase }) => phase.kind === "creating") ? onItsWay() : nothingRuns();
    if (running.length === 1) return first;

    const items = running.map((sandbox) => {
      const { label, state } = describeSandbox(sandbox, this.#clock.now());
      return { label, description: state, detail: sandbox.name, sandbox };
    });
    return (await pickOne(items, { placeHolder, matchOnDetail: true }))?.sandbox;
  }
}

const onItsWay = () => new UserError("The sandbox is still being created. Try again when it is running.");

const nothingRuns = () =>
  new UserError("No sandbox is running.", {
    actions: [{ title: "Create Sandbox…", command: "modalSandboxes.createSandbox" }],
  });

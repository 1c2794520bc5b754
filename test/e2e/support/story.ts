import { it } from "mocha";

/**
 * Returns a replacement for `it` for tests that tell one story: each continues where the previous one ended. A step that
 * runs without the steps before it, because `--grep` selects it, runs them first.
 *
 * @param cleanUp runs after each of these earlier steps, as an `afterEach` hook does after a test
 */
export function useStory(cleanUp?: () => Promise<void>): (title: string, run: () => Promise<void>) => void {
  const steps: Step[] = [];
  return (title, run) => {
    const earlier = [...steps];
    const step = new Step(run);
    steps.push(step);
    it(title, async function () {
      // A step that has failed is not run again: the tests after it fail or pass as they are.
      const missing = earlier.filter(({ hasStarted }) => !hasStarted);
      this.timeout(this.timeout() * (missing.length + 1));
      for (const each of missing) {
        await each.run();
        await cleanUp?.();
      }
      await step.run();
    });
  };
}

class Step {
  readonly #run: () => Promise<void>;
  hasStarted = false;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  run(): Promise<void> {
    this.hasStarted = true;
    return this.#run();
  }
}

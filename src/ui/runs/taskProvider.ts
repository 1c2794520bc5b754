import { tasks } from "vscode";
import type { Disposable } from "../../base/disposable";
import type { TaskDependencies, TaskSource } from "./runTasks";

export interface TaskProviderDependencies extends TaskDependencies {
  /** Waits for the session. */
  readonly ready: () => Promise<void>;
}

/** Provides the tasks of the type `modal`. The code that makes them is loaded when VS Code first asks. */
export function registerTasks(dependencies: TaskProviderDependencies): Disposable {
  const load = async (): Promise<TaskSource> => {
    await dependencies.ready();
    return (await import("../commands/later")).laterTasks(dependencies);
  };
  return tasks.registerTaskProvider("modal", {
    provideTasks: async () => (await load()).offered(),
    resolveTask: async (task) => (await load()).resolved(task),
  });
}

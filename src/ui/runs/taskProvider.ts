import { tasks } from "vscode";
import type { Disposable } from "../../base/disposable";
import type { TaskSource } from "./runTasks";

/** Provides the tasks of the type `modal`. The code that creates them is loaded when VS Code first asks. */
export function registerTasks(load: () => Promise<TaskSource>): Disposable {
  return tasks.registerTaskProvider("modal", {
    provideTasks: async () => (await load()).offered(),
    resolveTask: async (task) => (await load()).resolved(task),
  });
}

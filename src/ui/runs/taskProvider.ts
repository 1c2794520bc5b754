import { tasks, type Task } from "vscode";
import type { Disposable } from "../../base/disposable";

export interface TaskSource {
  offered(): Task[];
  resolved(task: Task): Task;
}

/** Provides the tasks of the type `modal`; what makes them is loaded when VS Code first asks. */
export const registerTasks = (load: () => Promise<TaskSource>): Disposable =>
  tasks.registerTaskProvider("modal", {
    provideTasks: async () => (await load()).offered(),
    resolveTask: async (task) => (await load()).resolved(task),
  });

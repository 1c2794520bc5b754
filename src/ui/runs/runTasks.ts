import { isAbsolute, join } from "node:path";
import { CustomExecution, Task, TaskScope, Uri, workspace, type TaskDefinition } from "vscode";
import { UserError } from "../../base/errors";
import { isObject } from "../../base/guards";
import { commandTarget, moduleTarget } from "../../run/target/commandTarget";
import type { Run } from "../../run/run";
import { withOptions } from "../../run/target/runOptions";
import type { RunService } from "../../run/runService";
import { parseTask, type TaskDefinition as ParsedTask } from "../../run/target/taskDefinition";
import type { SyncThread } from "../../sync/worker/syncThread";
import type { Choice } from "../pickers/gpuItems";
import { defaultGpus } from "../settings";
import type { RunTerminals } from "../terminals/runTerminals";
import { TaskTerminal } from "../terminals/taskTerminal";
import { allFolders, folderOf, type SyncFolder } from "../pickers/folders";
import { runnableFile } from "./runnableFile";
import { requestFor, type Runnable } from "./runStarter";

export interface TaskDependencies {
  readonly runs: RunService;
  readonly terminals: RunTerminals;
  readonly thread: SyncThread;
}

export interface TaskSource {
  offered(): Task[];
  resolved(task: Task): Task;
}

/** The prefix that VS Code gives the names of tasks that it customizes. */
const SOURCE = "Modal";

/** The tasks that exist without a tasks.json. */
export const offeredTasks = (dependencies: TaskDependencies): Task[] =>
  allFolders().length === 0
    ? []
    : [taskOf({ type: "modal", file: "${file}" }, TaskScope.Workspace, "Run Current File", dependencies)];

/** Makes a task from tasks.json ready to run. */
export const resolvedTask = ({ definition, scope, name }: Task, dependencies: TaskDependencies): Task =>
  taskOf(definition, scope ?? TaskScope.Workspace, name, dependencies);

function taskOf(
  definition: TaskDefinition,
  scope: NonNullable<Task["scope"]>,
  name: string,
  dependencies: TaskDependencies,
): Task {
  const { terminals } = dependencies;
  const folder = typeof scope === "object" ? folderOf(scope.uri) : allFolders()[0];
  // `resolved` has its variables substituted.
  const execution = new CustomExecution((resolved) =>
    Promise.resolve(new TaskTerminal(() => start(resolved, hasMatcher(name, scope), folder, dependencies), terminals)),
  );
  return new Task(definition, scope, name, SOURCE, execution);
}

/** True if tasks.json gives the task a problem matcher. VS Code does not pass it when it resolves a task. */
function hasMatcher(name: string, scope: NonNullable<Task["scope"]>): boolean {
  const written: unknown = workspace
    .getConfiguration("tasks", typeof scope === "object" ? scope.uri : null)
    .get("tasks");
  if (!Array.isArray(written)) return false;
  const labels = [name, `${SOURCE}: ${name}`];
  return written
    .filter(isObject)
    .some(
      ({ type, label, problemMatcher = [] }) =>
        type === "modal" &&
        labels.some((known) => known === label) &&
        !(Array.isArray(problemMatcher) && problemMatcher.length === 0),
    );
}

async function start(
  definition: TaskDefinition,
  isMatched: boolean,
  folder: SyncFolder | undefined,
  { runs, thread }: TaskDependencies,
): Promise<Run> {
  if (!workspace.isTrusted) throw new UserError("This folder is in Restricted Mode. Trust it to run tasks.");
  const task = parseTask(definition);
  const runnable = await runnableOf(task, folder, thread);
  const [run] = runs.start({ ...(await requestFor(runnable, [choiceOf(task)])), isMatched });
  if (!run) throw new UserError("The task was canceled, so nothing has run.");
  return run;
}

async function runnableOf(
  { what, options }: ParsedTask,
  folder: SyncFolder | undefined,
  thread: SyncThread,
): Promise<Runnable> {
  if (what.kind === "file") {
    const path = isAbsolute(what.name) ? what.name : join(folder?.path ?? "", what.name);
    const document = await workspace.openTextDocument(Uri.file(path)).then(undefined, (cause: unknown) => {
      throw new UserError(`${what.name} could not be opened. Check that it exists.`, { cause });
    });
    const runnable = await runnableFile(document, thread, options);
    if (runnable) return runnable;
    throw new UserError(`The task was canceled, so ${what.name} has not run.`);
  }
  const target = withOptions(what.kind === "module" ? moduleTarget(what.name) : commandTarget(what.name), options);
  return { label: target.label, folder, target: () => Promise.resolve(target) };
}

/** Returns the task's GPU or spec, or else the first one in the settings. */
function choiceOf({ place }: ParsedTask): Choice {
  if (place && "spec" in place) return { gpu: undefined, spec: place.spec };
  return { gpu: place ? place.gpu : defaultGpus()[0] };
}

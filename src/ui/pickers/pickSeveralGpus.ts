import { ThemeIcon, window, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { parseGpu, type GpuRequest } from "../../modal/gpus";
import { GpuChecklist } from "./gpuChecklist";
import { typeOf, type GpuLine, type Pricing } from "./gpuItems";

type GpuItem = QuickPickItem & GpuLine;

const fewer = { iconPath: new ThemeIcon("remove"), tooltip: "One GPU Fewer" };
const more = { iconPath: new ThemeIcon("add"), tooltip: "One GPU More" };

/** A list to tick. Each type has buttons for its count, and `H100:2` typed into the filter sets it as well. */
export async function pickSeveralGpus(
  title: string,
  selected: readonly (GpuRequest | undefined)[],
  pricing: Pricing,
): Promise<(GpuRequest | undefined)[] | undefined> {
  const own = new DisposableStore();
  const result = new Deferred<(GpuRequest | undefined)[] | undefined>();
  const checklist = new GpuChecklist(selected, pricing);
  const picker = own.add(window.createQuickPick<GpuItem>());
  picker.canSelectMany = true;
  picker.keepScrollPosition = true;
  picker.placeholder = "Tick one or several: each gets a sandbox and a terminal of its own";

  const showTotal = () => {
    picker.title = checklist.total ? `${title} · ${checklist.total}` : title;
  };
  const show = () => {
    const active = new Set(picker.activeItems.map(({ gpu }) => typeOf(gpu)));
    const items = checklist.lines.map(itemOf);
    picker.items = items;
    picker.selectedItems = items.filter((item) => checklist.isTicked(item));
    picker.activeItems = items.filter(({ gpu }) => active.has(typeOf(gpu)));
    showTotal();
  };
  const setCount = (gpu: GpuRequest) => {
    checklist.setCount(gpu);
    show();
  };

  own.add(
    picker.onDidChangeSelection((items) => {
      checklist.tick(items);
      showTotal();
    }),
  );
  own.add(
    picker.onDidTriggerItemButton(({ item: { gpu }, button }) => {
      if (gpu) setCount({ type: gpu.type, count: gpu.count + (button === more ? 1 : -1) });
    }),
  );
  own.add(
    picker.onDidChangeValue((value) => {
      const typed = value.includes(":") ? parseGpu(value) : undefined;
      if (typed) setCount(typed);
    }),
  );
  own.add(
    picker.onDidAccept(() => {
      // Nothing ticked: Enter means the line that it was pressed on.
      const { chosen } = checklist;
      if (chosen.length > 0) result.resolve(chosen);
      else if (picker.activeItems.length > 0) result.resolve(picker.activeItems.map(({ gpu }) => gpu));
    }),
  );
  own.add(
    picker.onDidHide(() => {
      result.resolve(undefined);
    }),
  );

  show();
  picker.show();
  try {
    return await result.promise;
  } finally {
    own.dispose();
  }
}

function itemOf(line: GpuLine): GpuItem {
  const { gpu, maxCount } = line;
  if (!gpu) return line;
  const buttons = [...(gpu.count > 1 ? [fewer] : []), ...(gpu.count < maxCount ? [more] : [])];
  // The label `2 × H100` does not match the `H100:2` by which it was made.
  return { ...line, buttons, alwaysShow: gpu.count > 1 };
}

import { ThemeIcon, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { parseGpu, type GpuRequest } from "../../modal/gpus";
import { createPicker, inert, inertItem } from "../outsideText";
import { isBroken, mend, type BrokenSpec } from "./brokenSpec";
import { GpuChecklist } from "./gpuChecklist";
import { keyOf, priceNote, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { isLine, sections, type Section } from "./gpuSections";
import { answerOf } from "./steps";

type GpuItem = QuickPickItem & GpuLine;
type Item = Section<GpuItem>;

const fewer = { iconPath: new ThemeIcon("remove"), tooltip: "One GPU Fewer" };
const more = { iconPath: new ThemeIcon("add"), tooltip: "One GPU More" };

/** A list to tick, the named specs first. Each type has buttons for its count, and `H100:2` typed into the filter sets it as well. */
export function pickSeveralGpus(
  title: string,
  selected: readonly Choice[],
  pricing: Pricing,
  specs: readonly (GpuLine | BrokenSpec)[],
): Promise<Choice[] | undefined> {
  const own = new DisposableStore();
  const result = new Deferred<Choice[] | undefined>();
  const broken = specs.filter(isBroken);
  const named = specs.filter((line): line is GpuLine => !isBroken(line));
  const checklist = new GpuChecklist(selected, pricing, named);
  const picker = own.add(createPicker<Item>());
  picker.canSelectMany = true;
  picker.keepScrollPosition = true;
  picker.placeholder = inert(`Tick one or several: each gets a sandbox and a terminal of its own${priceNote(pricing)}`);

  const showTotal = () => {
    picker.title = inert(checklist.total ? `${title} · ${checklist.total}` : title);
  };
  const show = () => {
    const active = new Set(picker.activeItems.filter(isLine).map(keyOf));
    picker.items = sections(checklist.lines.map(itemOf), broken).map(inertItem);
    const shown: readonly Item[] = picker.items;
    const items = shown.filter(isLine);
    picker.selectedItems = items.filter((item) => checklist.isTicked(item));
    picker.activeItems = items.filter((item) => active.has(keyOf(item)));
    showTotal();
  };
  const leaveForSettings = (item: BrokenSpec) => {
    result.resolve(undefined);
    void mend(item);
  };
  const setCount = (gpu: GpuRequest) => {
    checklist.setCount(gpu);
    show();
  };

  own.add(
    picker.onDidChangeSelection((items) => {
      checklist.tick(items.filter(isLine));
      showTotal();
      items.filter(isBroken).forEach(leaveForSettings);
    }),
  );
  own.add(
    picker.onDidTriggerItemButton(({ item, button }) => {
      if (isLine(item) && item.gpu)
        setCount({ type: item.gpu.type, count: item.gpu.count + (button === more ? 1 : -1) });
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
      if (checklist.chosen.length === 0) {
        checklist.tick(picker.activeItems.filter(isLine));
        picker.activeItems.filter(isBroken).forEach(leaveForSettings);
      }
      if (checklist.chosen.length > 0) result.resolve(checklist.chosen);
    }),
  );

  show();
  return answerOf(picker, own, result);
}

function itemOf(line: GpuLine): GpuItem {
  const { gpu, spec, maxCount } = line;
  if (!gpu || spec !== undefined) return line;
  const buttons = [...(gpu.count > 1 ? [fewer] : []), ...(gpu.count < maxCount ? [more] : [])];
  // The label `2 × H100` does not match the `H100:2` by which it was made.
  return { ...line, buttons, alwaysShow: gpu.count > 1 };
}

import { ThemeIcon, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { createPicker, inert, inertItem } from "../outsideText";
import { isBroken, openSettingsOf, type BrokenSpec } from "./brokenSpec";
import { GpuChecklist } from "./gpuChecklist";
import { keyOf, priceNote, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { isLine, sections, type Section } from "./gpuSections";
import { leaveBox } from "./rows";
import { answerOf } from "./steps";

type GpuItem = QuickPickItem & GpuLine;
type Item = Section<GpuItem>;

const fewer = { iconPath: new ThemeIcon("remove"), tooltip: "One GPU Fewer" };
const more = { iconPath: new ThemeIcon("add"), tooltip: "One GPU More" };

/**
 * Shows a list with checkboxes, the named specs first. Each GPU type has buttons for its count, and typing `H100:2`
 * into the filter sets it too. The title always says what Enter starts.
 */
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
  picker.placeholder = inert(`Select one or more. Each gets its own sandbox and terminal.${priceNote(pricing)}`);

  let isCounted = false;

  const showSummary = () => {
    picker.title = inert([title, checklist.summary].filter(Boolean).join(" · "));
  };
  const activate = () => {
    const shown: readonly Item[] = picker.items;
    picker.activeItems = shown.filter((item) => isLine(item) && isSame(item, checklist.active));
    showSummary();
  };
  const show = () => {
    // VS Code's filter would hide the label `2 × H100` for the typed `H100:2`.
    const isHidden = (line: GpuLine) => isCounted && isSame(line, checklist.active);
    const items = checklist.lines.map((line) => ({ ...itemOf(line), alwaysShow: isHidden(line) }));
    picker.items = sections(items, broken).map(inertItem);
    const shown: readonly Item[] = picker.items;
    picker.selectedItems = shown.filter((item) => isLine(item) && checklist.ticked.some((line) => isSame(item, line)));
    activate();
  };
  const leaveForSettings = (item: BrokenSpec) => {
    result.resolve(undefined);
    void openSettingsOf(item);
  };

  own.add(
    picker.onDidChangeSelection((items) => {
      if (checklist.tick(items.filter(isLine))) leaveBox();
      showSummary();
      items.filter(isBroken).forEach(leaveForSettings);
    }),
  );
  own.add(
    picker.onDidTriggerItemButton(({ item, button }) => {
      if (!isLine(item) || !item.gpu) return;
      checklist.setCount({ type: item.gpu.type, count: item.gpu.count + (button === more ? 1 : -1) });
      show();
    }),
  );
  own.add(
    picker.onDidChangeValue((value) => {
      const wasCounted = isCounted;
      isCounted = value.includes(":");
      checklist.type(value);
      if (isCounted || wasCounted) show();
      else activate();
    }),
  );
  own.add(
    picker.onDidChangeActive(([item]) => {
      if (item && !isLine(item)) checklist.activateOther();
      else checklist.activate(item);
      showSummary();
    }),
  );
  own.add(
    picker.onDidAccept(() => {
      const [item] = picker.activeItems;
      if (checklist.chosen.length > 0) result.resolve(checklist.chosen);
      else if (item && isBroken(item)) leaveForSettings(item);
    }),
  );

  show();
  return answerOf(picker, own, result);
}

const isSame = (line: GpuLine, other: GpuLine | undefined): boolean =>
  other !== undefined && keyOf(line) === keyOf(other);

function itemOf(line: GpuLine): GpuItem {
  const { gpu, spec, maxCount } = line;
  if (!gpu || spec !== undefined) return line;
  const buttons = [...(gpu.count > 1 ? [fewer] : []), ...(gpu.count < maxCount ? [more] : [])];
  return { ...line, buttons };
}

import { QuickInputButtons, window, type QuickPickItem } from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore } from "../../base/disposable";
import { findGpuType, type GpuRequest, type GpuType } from "../../modal/gpus";
import { countLines, gpuLines, typeOf, type GpuLine, type Pricing } from "./gpuItems";

/** First the type, then how many of it. `undefined` if the user went away, else one choice. */
export async function pickOneGpu(
  title: string,
  selected: GpuRequest | undefined,
  pricing: Pricing,
): Promise<[GpuRequest | undefined] | undefined> {
  let active = selected;
  for (;;) {
    const line = await pickLine({
      title,
      placeholder: "Which GPU?",
      lines: gpuLines(new Map(), pricing),
      isActive: ({ gpu }) => typeOf(gpu) === typeOf(active),
      hasBack: false,
    });
    if (line === undefined || line === "back") return undefined;
    const type = line.gpu && findGpuType(line.gpu.type);
    if (!type || type.maxCount === 1) return [line.gpu];

    const counted = await pickCount(title, type, active, pricing);
    if (counted !== "back") return counted && [counted.gpu];
    active = line.gpu;
  }
}

const pickCount = (title: string, type: GpuType, active: GpuRequest | undefined, pricing: Pricing) =>
  pickLine({
    title,
    placeholder: `How many ${type.name}?`,
    lines: countLines(type, pricing),
    isActive: ({ gpu }) => gpu?.count === (active?.type === type.name ? active.count : 1),
    hasBack: true,
  });

interface LineQuestion {
  readonly title: string;
  readonly placeholder: string;
  readonly lines: readonly GpuLine[];
  readonly isActive: (line: GpuLine) => boolean;
  readonly hasBack: boolean;
}

async function pickLine(question: LineQuestion): Promise<GpuLine | "back" | undefined> {
  const own = new DisposableStore();
  const result = new Deferred<GpuLine | "back" | undefined>();
  const picker = own.add(window.createQuickPick<QuickPickItem & GpuLine>());
  picker.title = question.title;
  picker.placeholder = question.placeholder;
  picker.items = question.lines;
  picker.activeItems = question.lines.filter(question.isActive);
  picker.buttons = question.hasBack ? [QuickInputButtons.Back] : [];

  own.add(
    picker.onDidTriggerButton(() => {
      result.resolve("back");
    }),
  );
  own.add(
    picker.onDidAccept(() => {
      const [line] = picker.activeItems;
      if (line) result.resolve(line);
    }),
  );
  own.add(
    picker.onDidHide(() => {
      result.resolve(undefined);
    }),
  );

  picker.show();
  try {
    return await result.promise;
  } finally {
    own.dispose();
  }
}

import { findGpuType, type GpuRequest } from "../../modal/gpus";
import { countLines, gpuLines, keyOf, priceNote, type GpuLine, type Pricing } from "./gpuItems";
import { askPick, type Answer, type StepPlace } from "./steps";

/** First the type, then how many of it. */
export async function askGpu(
  place: StepPlace,
  selected: GpuRequest | undefined,
  pricing: Pricing,
): Promise<Answer<GpuRequest | undefined>> {
  let active = selected;
  for (;;) {
    const typed = await askPick<GpuLine>({
      ...place,
      placeholder: `Which GPU?${priceNote(pricing)}`,
      items: gpuLines(new Map(), pricing),
      isActive: (line) => keyOf(line) === keyOf({ gpu: active }),
    });
    if (typed?.kind !== "answered") return typed;
    const { gpu } = typed.value;
    const type = gpu && findGpuType(gpu.type);
    if (!type || type.maxCount === 1) return { kind: "answered", value: gpu };

    const count = active?.type === type.name ? active.count : 1;
    const counted = await askPick<GpuLine>({
      ...place,
      hasBack: true,
      placeholder: `How many ${type.name}?${priceNote(pricing)}`,
      items: countLines(type, pricing),
      isActive: (line) => line.gpu?.count === count,
    });
    if (counted?.kind !== "back") return counted && { kind: "answered", value: counted.value.gpu };
    active = gpu;
  }
}

import { findGpuType } from "../../modal/gpus";
import { isBroken, openSettingsOf, type BrokenSpec } from "./brokenSpec";
import { countLines, gpuLines, keyOf, priceNote, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { isLine, sections, type Section } from "./gpuSections";
import { askPick, type Answer, type StepPlace } from "./steps";

/** Asks for a named spec, if there are any, or for a GPU: first the type, then the count. */
export async function askGpu(
  place: StepPlace,
  selected: Choice,
  pricing: Pricing,
  specs: readonly (GpuLine | BrokenSpec)[] = [],
): Promise<Answer<Choice>> {
  const broken = specs.filter(isBroken);
  const named = specs.filter((spec): spec is GpuLine => !isBroken(spec));
  let active = selected;
  for (;;) {
    const typed = await askPick<Section<GpuLine>>({
      ...place,
      placeholder: `Which GPU?${priceNote(pricing)}`,
      items: sections([...named, ...gpuLines(new Map(), pricing)], broken),
      isActive: (item) => isLine(item) && keyOf(item) === keyOf(active),
    });
    if (typed?.kind !== "answered") return typed;
    const line = typed.value;
    if (isBroken(line)) await openSettingsOf(line);
    if (!isLine(line)) return undefined;
    const { gpu, spec } = line;
    if (spec !== undefined) return { kind: "answered", value: { gpu, spec } };
    const type = gpu && findGpuType(gpu.type);
    if (!type || type.maxCount === 1) return { kind: "answered", value: { gpu } };

    const count = active.gpu?.type === type.name ? active.gpu.count : 1;
    const counted = await askPick<GpuLine>({
      ...place,
      hasBack: true,
      placeholder: `How many ${type.name}?${priceNote(pricing)}`,
      items: countLines(type, pricing),
      isActive: (line) => line.gpu?.count === count,
    });
    if (counted?.kind !== "back") return counted && { kind: "answered", value: { gpu: counted.value.gpu } };
    active = { gpu };
  }
}

import { UserError } from "../../base/errors";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { namedDefinition, writtenSpecs } from "../settings";
import { brokenSpec, type BrokenSpec } from "./brokenSpec";

/** Returns a row for each named spec in the settings. An invalid one has a row too, so that it does not hide the others. */
export const specRows = <T>(rowOf: (name: string, definition: SpecDefinition) => T): (T | BrokenSpec)[] =>
  Object.keys(writtenSpecs()).map((name) => {
    try {
      return rowOf(name, namedDefinition(name));
    } catch (error) {
      if (error instanceof UserError) return brokenSpec(name, error);
      throw error;
    }
  });

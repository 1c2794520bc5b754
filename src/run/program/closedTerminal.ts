import { isFinished, type RunState } from "../run";

/** The user's choice of what closing a run's terminal does to its program. */
export type OnTerminalClose = "ask" | "stop" | "keep";

/** A program that has run for this long is not stopped without a question. */
const LONG_MS = 60_000;

/** Returns what happens to a run whose terminal the user closed: `offer` keeps it running and offers to stop it. */
export function fateOf(state: RunState, setting: OnTerminalClose, now: number): "stop" | "keep" | "offer" {
  if (isFinished(state) || setting === "keep") return "keep";
  if (setting === "stop") return "stop";
  return state.kind === "running" && now - state.startedAt >= LONG_MS ? "offer" : "stop";
}

import type { Sandbox } from "../../../src/sandboxes/sandbox";

/** A sandbox with the given properties and plain others. */
export const sandbox = (properties: Partial<Sandbox> = {}): Sandbox => ({
  key: "vscode-1",
  name: "vscode-1",
  gpu: undefined,
  image: "python:3.12-slim",
  cpu: 2,
  memoryMiB: 4096,
  timeoutMs: 3_600_000,
  idleTimeoutMs: 600_000,
  ports: [],
  createdAt: 0,
  placement: [],
  origin: undefined,
  holder: "thisWindow",
  phase: { kind: "creating", step: "image" },
  ...properties,
});

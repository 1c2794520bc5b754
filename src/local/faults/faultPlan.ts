import { isObject } from "../../base/guards";
import { Status } from "nice-grpc";

/**
 * The planned faults, for tests and demos: the content of the file that `--faults FILE` names. The file is read again
 * whenever it changes, and all counts then restart. Every part is optional:
 *
 *     {
 *       "seed": 1,                     selects the calls of each "share"
 *       "rules": [                     every rule that matches a call takes effect, in this order
 *         { "rpc": "SandboxGet*",      a method's name, with * for any characters; the other parts are optional:
 *           "times": 2,                applies only to the next N calls …
 *           "share": 0.1,              … or to this share of them, drawn by the seed
 *           "latencyMs": 300,          waits before the call is handled
 *           "status": "UNAVAILABLE",   makes the call fail with this status
 *           "message": "try later",
 *           "after": true,             … after the work is done: only the answer is lost
 *           "cutAfterBytes": 65536,    … after this many bytes of its stream
 *           "endsSandboxAfterMs": 0 }  kills the sandbox that the call names or creates
 *       ],
 *       "noCapacity": { "H200": 5 },   GPU types that are unavailable for N seconds from now; null: forever
 *       "tokenSeconds": 5,             the lifetime of issued tokens
 *       "link": { "roundTripMs": 40, "bytesPerSecond": 1000000 }   between every client and the server
 *     }
 */
export interface FaultPlan {
  readonly seed: number;
  readonly rules: readonly FaultRule[];
  /** Seconds by GPU type, in capitals. */
  readonly noCapacity: ReadonlyMap<string, number>;
  readonly tokenSeconds: number | undefined;
  readonly link: LinkPlan;
}

export interface FaultRule {
  readonly rpc: RegExp;
  readonly times: number;
  readonly share: number;
  readonly latencyMs: number;
  /** The error of a matching call. Undefined if the call succeeds. */
  readonly failure: { readonly status: Status; readonly message: string } | undefined;
  readonly isAfter: boolean;
  readonly cutAfterBytes: number | undefined;
  readonly endsSandboxAfterMs: number | undefined;
}

export interface LinkPlan {
  readonly roundTripMs: number;
  readonly bytesPerSecond: number;
}

/** Throws an error that names the first invalid part. */
export function readFaultPlan(text: string): FaultPlan {
  const plan = new Fields(JSON.parse(text), "The plan");
  const capacity = plan.object("noCapacity");
  const link = plan.object("link");
  return {
    seed: plan.number("seed") ?? 0,
    rules: plan.list("rules").map(readRule),
    noCapacity: new Map(
      capacity.names.map((gpu) => [gpu.toUpperCase(), capacity.numberOrNull(gpu) ?? Number.POSITIVE_INFINITY]),
    ),
    tokenSeconds: plan.number("tokenSeconds"),
    link: {
      roundTripMs: link.number("roundTripMs") ?? 0,
      bytesPerSecond: link.number("bytesPerSecond") ?? Number.POSITIVE_INFINITY,
    },
  };
}

export const noFaults: FaultPlan = {
  seed: 0,
  rules: [],
  noCapacity: new Map(),
  tokenSeconds: undefined,
  link: { roundTripMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY },
};

function readRule(value: unknown): FaultRule {
  const rule = new Fields(value, "A rule");
  const isAfter = rule.boolean("after") ?? false;
  const cutAfterBytes = rule.number("cutAfterBytes");
  const status = rule.string("status") ?? (isAfter || cutAfterBytes !== undefined ? "UNAVAILABLE" : undefined);
  return {
    rpc: toPattern(rule.string("rpc") ?? "*"),
    times: rule.number("times") ?? Number.POSITIVE_INFINITY,
    share: rule.number("share") ?? 1,
    latencyMs: rule.number("latencyMs") ?? 0,
    failure:
      status === undefined
        ? undefined
        : { status: readStatus(status), message: rule.string("message") ?? "An injected fault." },
    isAfter,
    cutAfterBytes,
    endsSandboxAfterMs: rule.number("endsSandboxAfterMs"),
  };
}

function readStatus(name: string): Status {
  const status = Object.entries(Status).find(([key]) => key === name)?.[1];
  if (typeof status !== "number") throw new Error(`"${name}" is not a status code such as UNAVAILABLE.`);
  return status;
}

const toPattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

/** Reads an object of JSON field by field. */
class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #name: string;

  constructor(value: unknown, name: string) {
    if (!isObject(value)) throw new Error(`${name} must be an object.`);
    this.#values = new Map(Object.entries(value));
    this.#name = name;
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  number(key: string): number | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === "number" ? value : this.#refuse(key, "a number");
  }

  numberOrNull(key: string): number | undefined {
    return this.#values.get(key) === null ? undefined : this.number(key);
  }

  string(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === "string" ? value : this.#refuse(key, "a string");
  }

  boolean(key: string): boolean | undefined {
    const value = this.#values.get(key);
    return value === undefined || typeof value === "boolean" ? value : this.#refuse(key, "true or false");
  }

  object(key: string): Fields {
    return new Fields(this.#values.get(key) ?? {}, `"${key}"`);
  }

  list(key: string): readonly unknown[] {
    const value = this.#values.get(key) ?? [];
    return Array.isArray(value) ? (value as unknown[]) : this.#refuse(key, "a list");
  }

  #refuse(key: string, expected: string): never {
    throw new Error(`${this.#name}: "${key}" must be ${expected}.`);
  }
}

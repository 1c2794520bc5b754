import type { Shell } from "../../src/run/program/shell";
import { spec, startServices, type Services } from "../backend/support/services";
import { median, type Row } from "./support/table";

const ROUNDS = 10;
const KEYS = 40;
const CLEAR_LINE = "\x15";

/** From a key to its echo in a supervised shell, against one on a terminal that the exec itself brings. */
export async function benchShell(): Promise<readonly Row[]> {
  const services = await startServices({});
  try {
    const sandbox = await services.sandboxes.create(
      { spec: spec(), folder: services.folder },
      AbortSignal.timeout(30_000),
    );
    const ours = supervised(services.shells.open(sandbox, "/tmp"));
    const bare = await plain(services, sandbox.phase.id);
    await Promise.all([ours.ready, bare.ready]);
    const times = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.ours.push(...(await ours.echoes()));
      times.bare.push(...(await bare.echoes()));
    }
    await Promise.all([ours.leave(), bare.leave()]);
    const [our, their] = [median(times.ours), median(times.bare)];
    return [
      {
        what: "shell: key → echo",
        result: `${our.toFixed(1)} ms`,
        against: `bare pty ${their.toFixed(1)} ms`,
        ratio: (our / their).toFixed(2),
        target: "≤ 2",
      },
    ];
  } finally {
    await services.stop();
  }
}

interface Shown {
  readonly type: (keys: Uint8Array) => Promise<void>;
  /** Shows what comes; settles when the shell has ended. */
  readonly showTo: (show: (bytes: Uint8Array) => void) => Promise<unknown>;
}

/** Types, and measures when each key is there. */
class Typist {
  readonly #type: Shown["type"];
  readonly #over: Promise<unknown>;
  #shown: (text: string) => void = () => undefined;
  /** Settles once it asks for input. */
  readonly ready = this.#shows(/[$#] $/);

  constructor({ type, showTo }: Shown) {
    this.#type = type;
    this.#over = showTo((bytes) => this.#shown(Buffer.from(bytes).toString()));
  }

  async echoes(): Promise<number[]> {
    const times: number[] = [];
    for (let key = 0; key < KEYS; key++) times.push(await this.#echo(String.fromCharCode(97 + (key % 26))));
    await this.#type(Buffer.from(CLEAR_LINE));
    return times;
  }

  async leave(): Promise<void> {
    await this.#type(Buffer.from("exit\r"));
    await this.#over;
  }

  async #echo(key: string): Promise<number> {
    const shown = this.#shows(new RegExp(`${key}$`));
    const startedAt = performance.now();
    await this.#type(Buffer.from(key));
    await shown;
    return performance.now() - startedAt;
  }

  #shows(wanted: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#shown = (text) => {
        if (wanted.test(text)) resolve();
      };
    });
  }
}

const supervised = (shell: Shell): Typist =>
  new Typist({
    type: (keys) => shell.write(keys),
    showTo: (show) =>
      shell.run({
        size: { columns: 80, rows: 24 },
        tell: () => undefined,
        show: (bytes) => {
          show(bytes);
          return Promise.resolve();
        },
      }),
  });

async function plain({ exec }: Services, sandboxId: string): Promise<Typist> {
  const process = await exec.exec(sandboxId, ["bash", "-l"], { pty: true }, new AbortController().signal);
  return new Typist({
    type: (keys) => process.write(keys),
    showTo: async (show) => {
      for await (const bytes of process.stdout) show(bytes);
    },
  });
}

import { newId } from "./ids";

type Env = Readonly<Record<string, string>>;

export class SecretStore {
  readonly #secrets = new Map<string, Env>();

  create(env: Env): string {
    const id = newId("st");
    this.#secrets.set(id, env);
    return id;
  }

  get(id: string): Env | undefined {
    return this.#secrets.get(id);
  }
}

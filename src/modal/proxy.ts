import type { Disposable } from "../base/disposable";

/** VS Code's proxy settings. */
export interface ProxySettings {
  /** Empty: the environment's proxy is used. */
  readonly url: string;
  /** Hosts that are reached directly: names, suffixes of names, or addresses. */
  readonly exceptions: readonly string[];
}

type Variables = Record<string, string | undefined>;

const PROXY = "grpc_proxy";
const NO_PROXY = "no_grpc_proxy";

/** The local backend is on this machine, so no proxy is used for it. */
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Makes the SDK's channels use VS Code's proxy. gRPC takes its proxy only from lower-case variables of the process's
 * environment, when it opens a channel. Only gRPC reads the two variables that are set here.
 */
export class ProxyEnvironment implements Disposable {
  readonly #variables: Variables;
  readonly #inherited: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
    this.#inherited = { ...variables };
  }

  /** Returns the proxy used for a host, if any. */
  proxyFor(host: string): string | undefined {
    const exceptions = this.#variables[NO_PROXY]?.split(",") ?? [];
    return exceptions.some((ending) => host.endsWith(ending)) ? undefined : this.#variables[PROXY];
  }

  apply({ url, exceptions }: ProxySettings): void {
    this.#set(PROXY, url || this.#first(["grpc_proxy", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]));
    const inherited = this.#first(["no_grpc_proxy", "no_proxy", "NO_PROXY"]).split(",");
    // gRPC compares suffixes of names and does not support asterisks.
    const hosts = [...inherited, ...exceptions].map((host) => host.trim().replace(/^\*/, ""));
    this.#set(NO_PROXY, [...hosts, ...LOOPBACK].filter(Boolean).join(","));
  }

  dispose(): void {
    for (const name of [PROXY, NO_PROXY]) this.#set(name, this.#inherited[name] ?? "");
  }

  #first(names: readonly string[]): string {
    return names.map((name) => this.#inherited[name]).find(Boolean) ?? "";
  }

  #set(name: string, value: string): void {
    if (value) this.#variables[name] = value;
    else Reflect.deleteProperty(this.#variables, name);
  }
}

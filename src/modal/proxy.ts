import type { Disposable } from "../base/disposable";

/** VS Code's own settings of these names. */
export interface ProxySettings {
  /** Empty: whatever the environment says. */
  readonly url: string;
  /** Hosts that are reached without it: names, endings of names, addresses. */
  readonly exceptions: readonly string[];
}

type Variables = Record<string, string | undefined>;

const PROXY = "grpc_proxy";
const NO_PROXY = "no_grpc_proxy";

/** The local backend is on this machine, where no proxy leads. */
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Leads the SDK's channels through the proxy that VS Code uses. gRPC takes its proxy from the process's environment
 * alone, in lower case, when it opens a channel; the two variables that are set here nothing but gRPC reads.
 */
export class ProxyEnvironment implements Disposable {
  readonly #variables: Variables;
  readonly #inherited: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
    this.#inherited = { ...variables };
  }

  /** The proxy that leads to a host, if any does. */
  proxyFor(host: string): string | undefined {
    const exceptions = this.#variables[NO_PROXY]?.split(",") ?? [];
    return exceptions.some((ending) => host.endsWith(ending)) ? undefined : this.#variables[PROXY];
  }

  apply({ url, exceptions }: ProxySettings): void {
    this.#set(PROXY, url || this.#first(["grpc_proxy", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]));
    const inherited = this.#first(["no_grpc_proxy", "no_proxy", "NO_PROXY"]).split(",");
    // gRPC compares endings of names and knows no asterisk.
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

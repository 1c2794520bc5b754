import { isIP } from "node:net";
import { isObject } from "../../base/guards";
import { parseGpu, type GpuRequest } from "../../modal/gpus";
import type { NetworkAccess, VolumeMount } from "../../modal/spec";
import { DEFAULT_BASE_IMAGE, type ImageSource } from "./specDefinition";

/** Reads a value of the settings. Returns `undefined` if it is invalid. */
export type Read<T> = (value: unknown) => { readonly value: T } | undefined;

/** The characters that Modal allows in the names of volumes, secrets and other objects. */
export const OBJECT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A registry reference. The registry itself checks it. */
const IMAGE_REFERENCE = /^[A-Za-z0-9][\w.:/@-]*$/;

const ENV_NAME = /^[A-Za-z_]\w*$/;
const DOMAIN = /^(\*\.)?([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}$/;

/** An absolute path below the root in canonical form. */
export const MOUNT_PATH = /^(\/(?!\.{1,2}(\/|$))[^/\s]+)+$/;

export const readNumber =
  (minimum: number, maximum: number): Read<number> =>
  (value) =>
    typeof value === "number" && value >= minimum && value <= maximum ? { value } : undefined;

export const readWhole =
  (minimum: number, maximum: number): Read<number> =>
  (value) =>
    Number.isInteger(value) ? readNumber(minimum, maximum)(value) : undefined;

export const readText =
  (pattern: RegExp): Read<string> =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? { value } : undefined;

/** Reads a list without duplicates. */
export const readList =
  <T>(readItem: Read<T>): Read<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.flatMap((item) => readItem(item) ?? []).map((reading) => reading.value);
    const different = new Set(items.map((item) => JSON.stringify(item)));
    return items.length === value.length && different.size === items.length ? { value: items } : undefined;
  };

export const readGpu: Read<GpuRequest> = (value) => {
  const gpu = typeof value === "string" ? parseGpu(value) : undefined;
  return gpu && { value: gpu };
};

/** `python:3.12-slim`, `./requirements.txt`, or `{ "requirements": "requirements.txt", "base": "pytorch/pytorch" }`. */
export const readImage: Read<ImageSource> = (value) => {
  if (typeof value === "string") return readImageText(value);
  if (!isObject(value)) return undefined;
  const { base = DEFAULT_BASE_IMAGE, ...rest } = value;
  const [[kind, path] = ["", ""], ...others] = Object.entries(rest);
  if (others.length > 0 || !isInFolder(path)) return undefined;
  if (kind === "dockerfile") return "base" in value ? undefined : { value: { kind, path } };
  const known = readText(IMAGE_REFERENCE)(base);
  return known && (kind === "requirements" || kind === "pyproject")
    ? { value: { kind, path, base: known.value } }
    : undefined;
};

/** Returns the image source for a file by its name, or `undefined` if such a file can't make an image. */
export function imageFile(path: string): ImageSource | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^dockerfile|\.dockerfile$/i.test(name)) return { kind: "dockerfile", path };
  if (name.endsWith(".toml")) return { kind: "pyproject", path, base: DEFAULT_BASE_IMAGE };
  return name.endsWith(".txt") ? { kind: "requirements", path, base: DEFAULT_BASE_IMAGE } : undefined;
}

function readImageText(text: string): { readonly value: ImageSource } | undefined {
  if (IMAGE_REFERENCE.test(text)) return { value: { kind: "registry", reference: text } };
  const path = text.startsWith("./") ? text.slice(2) : undefined;
  const file = isInFolder(path) ? imageFile(path) : undefined;
  return file && { value: file };
}

export const readVolumes: Read<readonly VolumeMount[]> = (value) => {
  if (!isObject(value)) return undefined;
  const mounts = Object.entries(value).flatMap(([path, mount]) => readMount(path, mount) ?? []);
  return mounts.length === Object.keys(value).length ? { value: mounts } : undefined;
};

export const readEnv: Read<Readonly<Record<string, string>>> = (value) => {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, text]) =>
    ENV_NAME.test(name) && typeof text === "string" ? [[name, text] as const] : [],
  );
  return entries.length === Object.keys(value).length ? { value: Object.fromEntries(entries) } : undefined;
};

export const readNetwork: Read<NetworkAccess> = (value) => {
  if (value === "open" || value === "blocked") return { value: { kind: value } };
  if (!isObject(value)) return undefined;
  const { cidrs = [], domains = [], ...rest } = value;
  const readCidrs = readList(readCidr)(cidrs);
  const readDomains = readList(readText(DOMAIN))(domains);
  if (!readCidrs || !readDomains || Object.keys(rest).length > 0) return undefined;
  return { value: { kind: "allowlist", cidrs: readCidrs.value, domains: readDomains.value } };
};

function readMount(path: string, mount: unknown): VolumeMount | undefined {
  const { volume, readOnly = false, ...rest } = isObject(mount) ? mount : { volume: mount };
  const name = readText(OBJECT_NAME)(volume);
  if (!name || typeof readOnly !== "boolean" || Object.keys(rest).length > 0 || !MOUNT_PATH.test(path))
    return undefined;
  return { path, volume: name.value, isReadOnly: readOnly };
}

const readCidr: Read<string> = (value) => {
  if (typeof value !== "string") return undefined;
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
  const bits: Partial<Record<number, number>> = { 4: 32, 6: 128 };
  return Number(prefix) <= (bits[isIP(address)] ?? -1) ? { value } : undefined;
};

const isInFolder = (path: unknown): path is string =>
  typeof path === "string" && /^(?!\/|[A-Za-z]:)[^\\\p{Cc}]+$/u.test(path) && !path.split("/").includes("..");

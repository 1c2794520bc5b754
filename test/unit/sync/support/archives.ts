/** The fields of a tar header, as a hostile sandbox may fill them. */
export interface Forged {
  readonly name: string | Buffer;
  /** The type's letter; "0" for a file. */
  readonly type?: string;
  readonly size?: number;
  /** Replaces the size in octal. */
  readonly rawSize?: Buffer;
  readonly linkname?: string;
  readonly mode?: number;
  readonly mtime?: number;
}

/** Makes a header with a correct checksum. */
export function header({
  name,
  type = "0",
  size = 0,
  rawSize,
  linkname = "",
  mode = 0o644,
  mtime = 1000,
}: Forged): Buffer {
  const block = Buffer.alloc(512);
  block.write(
    typeof name === "string" ? name : name.toString("latin1"),
    0,
    100,
    typeof name === "string" ? "utf8" : "latin1",
  );
  block.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  if (rawSize) rawSize.copy(block, 124);
  else block.write(`${size.toString(8).padStart(11, "0")} `, 124);
  block.write(`${mtime.toString(8).padStart(11, "0")} `, 136);
  block.write(type, 156);
  block.write(linkname, 157, 100);
  block.write("ustar\0" + "00", 257);
  return sign(block);
}

/** Sets a header's correct checksum. */
export function sign(block: Buffer): Buffer {
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** Makes an entry with its padded content. */
export function entry(forged: Forged, content: string | Buffer = ""): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([header({ size: bytes.length, ...forged }), padded(bytes)]);
}

export function pax(records: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length)
      length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return entry({ name: "pax", type: "x" }, text.join(""));
}

export const END = Buffer.alloc(1024);

export const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);

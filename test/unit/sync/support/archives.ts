/** The fields of a tar header, as a hostile sandbox may fill them. */
export interface Forged {
  readonly name: string | Buffer;
  /** The type's letter; a file's is "0". */
  readonly type?: string;
  readonly size?: number;
  /** Instead of the size in octal. */
  readonly rawSize?: Buffer;
  readonly linkname?: string;
  readonly mode?: number;
  readonly mtime?: number;
}

/** A header by hand, with a checksum that is right. */
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

/** Gives a header the checksum that is right. */
export function sign(block: Buffer): Buffer {
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** An entry with its content, padded. */
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

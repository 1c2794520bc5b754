import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import { pipeline, Transform } from "node:stream";
import type { Disposable } from "../../base/disposable";
import type { LinkPlan } from "./faultPlan";

// The most bytes in transit in one direction.
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;

export interface Link extends Disposable {
  readonly port: number;
}

/**
 * Opens a port that leads to `target` on this machine, with the latency and bandwidth that `plan` returns at the time.
 */
export async function openLink(port: number, target: number, plan: () => LinkPlan): Promise<Link> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (outer) => {
    const inner = createConnection({ host: "127.0.0.1", port: target, noDelay: true });
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    const hangUp = () => {
      outer.destroy();
      inner.destroy();
    };
    pipeline(outer, distance(plan), inner, hangUp);
    pipeline(inner, distance(plan), outer, hangUp);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    dispose: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Delays each chunk until its turn on the line plus half a round trip. */
function distance(plan: () => LinkPlan): Transform {
  const underway: { readonly data: Buffer; readonly arrivesAt: number }[] = [];
  let bytes = 0;
  let lineFreeAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let takeMore: (() => void) | undefined;
  let finish: (() => void) | undefined;

  const line = new Transform({
    transform(data: Buffer, _encoding, done) {
      const { roundTripMs, bytesPerSecond } = plan();
      lineFreeAt = Math.max(lineFreeAt, performance.now()) + (data.length / bytesPerSecond) * 1000;
      underway.push({ data, arrivesAt: lineFreeAt + roundTripMs / 2 });
      bytes += data.length;
      deliver();
      if (bytes < IN_FLIGHT_BYTES) done();
      else takeMore = done;
    },
    flush(done) {
      finish = done;
      deliver();
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });

  function deliver(): void {
    clearTimeout(timer);
    const now = performance.now();
    for (let next = underway[0]; next && next.arrivesAt <= now; next = underway[0]) {
      underway.shift();
      bytes -= next.data.length;
      line.push(next.data);
    }
    if (underway[0]) timer = setTimeout(deliver, underway[0].arrivesAt - now);
    else finish?.();
    if (bytes >= IN_FLIGHT_BYTES) return;
    const resume = takeMore;
    takeMore = undefined;
    resume?.();
  }
  return line;
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface PortRedirect {
  /** For VS Code, which puts a port in place of `{{port}}` wherever an extension asks for a loopback address. */
  readonly template: string;
  close(): void;
}

/**
 * Stands in for code-server's own proxy: the browser is on the same machine, so that it can go to the port itself. VS
 * Code does not accept a template with the port where a URL has it.
 */
export async function startPortRedirect(): Promise<PortRedirect> {
  const server = createServer((request, response) => {
    const [, port, path = ""] = /^\/(\d+)\/?(.*)$/.exec(request.url ?? "") ?? [];
    if (port) response.writeHead(307, { location: `http://127.0.0.1:${port}/${path}` }).end();
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const { port } = server.address() as AddressInfo;
  return {
    template: `http://127.0.0.1:${port}/{{port}}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

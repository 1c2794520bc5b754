import { once } from "node:events";
import { Readable } from "node:stream";
import type { BlobStore } from "../../storage/blobs";
import type { PageHandler } from "../../pages/pageServer";
import { notFound } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";

/** `url` is the address of `blobPages`. */
export const blobsService = (blobs: BlobStore, url: string): ControlPlane => ({
  blobCreate: () => {
    const blobId = blobs.create();
    return Promise.resolve({ blobId, uploadUrl: `${url}/${blobId}` });
  },

  async blobGet({ blobId }) {
    if (!blobs.has(blobId)) throw notFound(`Blob ${blobId} was not found.`);
    return Promise.resolve({ downloadUrl: `${url}/${blobId}` });
  },
});

/** Stores and returns a blob's content. */
export const blobPages =
  (blobs: BlobStore): PageHandler =>
  async (request, response, [id = ""]) => {
    if (!blobs.has(id)) {
      response.writeHead(404).end();
      return;
    }
    switch (request.method) {
      case "PUT":
        await blobs.write(id, request);
        response.writeHead(200).end();
        return;
      case "GET": {
        const gone = new AbortController();
        response.once("close", () => gone.abort());
        response.writeHead(200, { "content-type": "application/octet-stream" });
        Readable.from(blobs.read(id, gone.signal)).pipe(response);
        await once(response, "close");
        return;
      }
      default:
        response.writeHead(405).end();
    }
  };

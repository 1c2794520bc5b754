import type { EnvironmentStore } from "../../account/environments";
import type { Queue } from "../../storage/queue";
import type { QueueStore } from "../../storage/queues";
import { alreadyExists, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { OBJECT_NAME, objectCreation } from "../../protocol/objectCreation";
import { Idempotency, idempotencyKey } from "../../protocol/idempotency";
import { within } from "../../base/timeLimit";

const PARTITION_KEY_BYTES = 64;
const VALUE_BYTES = 1024 * 1024;
const DEFAULT_TTL_SECS = 24 * 3600;
const MAX_TTL_SECS = 7 * 24 * 3600;

/** Queues of opaque bytes, whose format is up to the client. */
export function queuesService(queues: QueueStore, environments: EnvironmentStore): ControlPlane {
  // A client repeats a put or a get under the same key if the answer was lost.
  const putOnce = new Idempotency<void>();
  const takeOnce = new Idempotency<readonly Uint8Array[]>();

  const named = (request: Request<"queueGetOrCreate">): Queue => {
    const { deploymentName: name, environmentName, objectCreationType } = request;
    const createsOne = objectCreationType !== objectCreation.lookUp;
    const environment = environments.nameFor(environmentName, createsOne);
    const known = queues.find(environment, name);
    if (known && objectCreationType === objectCreation.createOrFail)
      throw alreadyExists(`Queue '${name}' already exists in environment '${environment}'.`);
    if (known) return known;
    if (!createsOne) throw notFound(`Queue '${name}' not found in environment '${environment}'.`);
    if (!OBJECT_NAME.test(name))
      throw invalidArgument(`"${name}" is not a valid queue name. Use up to 64 letters, digits, "-", "_" and ".".`);
    return queues.create(environment, name);
  };

  return {
    async queueGetOrCreate(request) {
      const isEphemeral = request.objectCreationType === objectCreation.ephemeral;
      const queue = isEphemeral
        ? queues.createEphemeral(environments.nameFor(request.environmentName, true))
        : named(request);
      return Promise.resolve({ queueId: queue.id });
    },

    async queueHeartbeat({ queueId }) {
      queues.heartbeat(queueId);
      return Promise.resolve({});
    },

    async queueDelete({ queueId }) {
      queues.delete(queueId);
      return Promise.resolve({});
    },

    async queuePut({ queueId, partitionKey, values, partitionTtlSeconds }, context) {
      const ttlSecs = partitionTtlSeconds || DEFAULT_TTL_SECS;
      if (ttlSecs > MAX_TTL_SECS) throw invalidArgument("A partition lives for at most seven days.");
      if (values.some(({ length }) => length > VALUE_BYTES))
        throw invalidArgument("A value in a queue is limited to 1 MiB.");
      const key = keyOf(partitionKey);
      await putOnce.run(idempotencyKey(context), () => {
        queues.get(queueId).put(key, values, ttlSecs);
        return Promise.resolve();
      });
      return {};
    },

    async queueGet({ queueId, partitionKey, nValues, timeout }, context) {
      const key = keyOf(partitionKey);
      const values = await takeOnce.run(
        idempotencyKey(context),
        async () =>
          (await within(timeout, context.signal, (limit) => queues.get(queueId).take(key, nValues, limit))) ?? [],
      );
      return { values };
    },

    async queueNextItems({ queueId, partitionKey, lastEntryId, itemPollTimeout }, { signal }) {
      const key = keyOf(partitionKey);
      const items = await within(itemPollTimeout, signal, (limit) =>
        queues.get(queueId).after(key, lastEntryId, limit),
      );
      return { items: items ?? [] };
    },

    async queueLen({ queueId, partitionKey, total }) {
      if (total && partitionKey.length > 0) throw invalidArgument("Specify one partition or all of them, not both.");
      const queue = queues.get(queueId);
      return Promise.resolve({ len: total ? queue.totalLength : queue.length(keyOf(partitionKey)) });
    },

    async queueClear({ queueId, partitionKey, allPartitions }) {
      if (allPartitions && partitionKey.length > 0)
        throw invalidArgument("Specify one partition or all of them, not both.");
      const queue = queues.get(queueId);
      if (allPartitions) queue.clearAll();
      else queue.clear(keyOf(partitionKey));
      return Promise.resolve({});
    },
  };
}

function keyOf(partitionKey: Uint8Array): string {
  if (partitionKey.length > PARTITION_KEY_BYTES)
    throw invalidArgument(`A queue's partition key is limited to ${PARTITION_KEY_BYTES} bytes.`);
  return Buffer.from(partitionKey).toString("latin1");
}

/** Modal's `ObjectCreationType`: how a `…GetOrCreate` call treats missing and existing objects. */
export const objectCreation = {
  lookUp: 0,
  createIfMissing: 1,
  createOrFail: 2,
  overwrite: 3,
  ephemeral: 5,
} as const;

export const OBJECT_NAME = /^[\w.-]{1,64}$/;

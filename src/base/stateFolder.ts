/**
 * The folder in a sandbox where our own scripts keep their files. Scripts must get it as a separate word: without
 * isolation, the local backend replaces exactly that word with a folder that belongs to the sandbox.
 */
export const STATE_FOLDER = "/tmp/.modal-sandboxes";

/**
 * The folder in a sandbox for what our own scripts keep there. Scripts get it only in words of their own: without isolation
 * the local backend replaces such a word, and nothing else, by a folder that belongs to the sandbox.
 */
export const STATE_FOLDER = "/tmp/.modal-sandboxes";

/**
 * The default remote path as a program sees it, for a regular expression. In directory mode it is a folder of the
 * machine under another name.
 */
export const WORKSPACE = process.env.MODAL_LOCAL_ISOLATION === "directory" ? "/\\S+/workspace" : "/workspace";

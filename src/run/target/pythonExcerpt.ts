import EXCERPT from "./remote/excerpt.py";

/**
 * Returns a program that runs part of another one under that one's name, folder and line numbers, so that tracebacks
 * point there. Like a notebook, it shows the value of a final expression.
 * @param path the path of the other program in the sandbox
 * @param source its part with the original line numbers, as `excerpt` returns it
 * @param head comments that must stay visible to the launcher
 */
export const pythonExcerpt = (path: string, source: string, head: string): string => `${head}
${EXCERPT}
start(${JSON.stringify(path)}, ${JSON.stringify(source)})
`;

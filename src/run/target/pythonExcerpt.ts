import EXCERPT from "./remote/excerpt.py";

/**
 * A program that runs part of another, whose name, folder and lines it takes on, so that tracebacks lead there; the value
 * of a last expression is shown, as in a notebook.
 * @param path of the other program where it runs
 * @param source its part on its own lines, as `excerpt` makes it
 * @param head comments that must stay in sight of whoever starts the program
 */
export const pythonExcerpt = (path: string, source: string, head: string): string => `${head}
${EXCERPT}
start(${JSON.stringify(path)}, ${JSON.stringify(source)})
`;

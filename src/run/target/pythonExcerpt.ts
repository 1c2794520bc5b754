/**
 * A program that runs part of another, whose name, folder and lines it takes on, so that tracebacks lead there; the value
 * of a last expression is shown, as in a notebook.
 * @param path of the other program where it runs
 * @param source its part on its own lines, as `excerpt` makes it
 * @param head comments that must stay in sight of whoever starts the program
 */
export const pythonExcerpt = (path: string, source: string, head: string): string => `${head}
def start(path, source):
    import ast, os, sys
    own = start.__code__.co_filename
    sys.argv[0] = path
    sys.path[0] = os.path.dirname(path)
    main = vars(sys.modules["__main__"])
    main["__file__"] = path
    del main["start"]

    def show(kind, error, trace):
        while trace and trace.tb_frame.f_code.co_filename == own:
            trace = trace.tb_next
        sys.__excepthook__(kind, error.with_traceback(trace), trace)

    sys.excepthook = show
    try:
        body = ast.parse(source, path).body
    except SyntaxError as error:
        sys.__excepthook__(type(error), error.with_traceback(None), None)
        sys.exit(1)
    shown = body[-1:] if body and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";") else []
    exec(compile(ast.Module(body[: len(body) - len(shown)], []), path, "exec"), main)
    if shown:
        exec(compile(ast.Interactive(shown), path, "single"), main)

start(${JSON.stringify(path)}, ${JSON.stringify(source)})
`;

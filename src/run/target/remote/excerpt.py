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

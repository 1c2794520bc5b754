import { PYTHON_CBOR } from "./pythonCbor";
import { PYTHON_MODAL } from "./pythonModal";

/**
 * The Python that runs one deployed function: it reads what to load, then calls, from its stdin and answers each on its
 * stdout, in frames of two lengths (big-endian, 32 bits each), a header in JSON and a body. A call with arguments is in
 * CBOR, one from the web has its query in the header, and both it and its answer are JSON. What the function itself prints
 * goes to stderr.
 */
export const PYTHON_RUNNER = `${PYTHON_CBOR}${PYTHON_MODAL}
import asyncio, base64, importlib, inspect, json, os, sys, tempfile, traceback

requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)

def receive():
    lengths = requests.read(8)
    if len(lengths) < 8:
        return None
    header, body = struct.unpack(">II", lengths)
    return json.loads(requests.read(header)), requests.read(body)

def send(header, body=b""):
    text = json.dumps(header).encode()
    replies.write(struct.pack(">II", len(text), len(body)) + text)
    replies.write(body)
    replies.flush()

def failure(error):
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == "<string>":
        trace = trace.tb_next
    text = "".join(traceback.format_exception(type(error), error, trace))
    return {"ok": False, "exception": repr(error), "traceback": text}

def load(setup):
    folder = tempfile.mkdtemp(prefix="functions-")
    for name, source in setup["files"].items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(source)
    sys.path.insert(0, folder)
    declare_modal()
    target = getattr(importlib.import_module(setup["module"]), setup["object"])
    if not inspect.isclass(target):
        return target
    values = {name: base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
              for name, value in setup["parameters"].items()}
    if "__init__" in vars(target):
        return target(**values)
    instance = target()
    for name, value in values.items():
        setattr(instance, name, value)
    for name, member in vars(target).items():
        if getattr(member, "modal_enter", False):
            awaited(getattr(instance, name)())
    return instance

def awaited(result):
    return asyncio.run(result) if inspect.iscoroutine(result) else result

READ = {int: int, float: float, bool: lambda text: text.lower() in ("1", "true", "on", "yes")}

def web_arguments(function, query, body):
    arguments = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in query:
            arguments[name] = READ.get(parameter.annotation, str)(query[name])
        elif body is not None and parameter.default is parameter.empty:
            arguments[name], body = body, None
    return arguments

def call(target, header, body):
    function = getattr(target, header["method"]) if header.get("method") else target
    if "query" in header:
        arguments = web_arguments(function, header["query"], json.loads(body) if body else None)
        return json.dumps(awaited(function(**arguments)), default=str).encode()
    args, kwargs = cbor_decode(body)
    return cbor_encode(awaited(function(*args, **kwargs)))

setup, _ = receive()
target = unloaded = None
try:
    target = load(setup)
    close_modal()
except BaseException as error:
    unloaded = failure(error)
send({"ok": True})

while request := receive():
    if unloaded:
        send(unloaded)
        continue
    try:
        result = call(target, *request)
    except BaseException as error:
        send(failure(error))
    else:
        send({"ok": True}, result)
`;

/** Python that tells, in JSON, the public functions and classes of the module on its stdin; nothing of it is run. */
export const PYTHON_DESCRIBE = `
import ast, base64, json, sys

TYPES = ("str", "int", "bool", "bytes")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WEB = {"fastapi_endpoint": "endpoint", "web_endpoint": "endpoint", "asgi_app": "app", "wsgi_app": "app", "web_server": "app"}

def is_generator(function):
    def yields(node):
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            return False
        return any(yields(child) for child in ast.iter_child_nodes(node))
    return any(yields(statement) for statement in function.body)

def last_name(node):
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")

def web_kind(function):
    return next((WEB[name] for name in map(last_name, function.decorator_list) if name in WEB), None)

def parameter(name, annotation, default):
    if isinstance(default, ast.Call) and last_name(default) == "parameter":
        default = next((keyword.value for keyword in default.keywords if keyword.arg == "default"), None)
    kind = annotation.id if isinstance(annotation, ast.Name) else annotation.value if isinstance(annotation, ast.Constant) else ""
    described = {"name": name, "type": kind if kind in TYPES else "unknown"}
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except ValueError:
            return {**described, "type": "unknown", "hasDefault": True}
        described["hasDefault"] = True
        described["default"] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return described

def parameters(cls):
    for node in cls.body:
        if isinstance(node, FUNCTIONS) and node.name == "__init__":
            named = (node.args.posonlyargs + node.args.args)[1:]
            defaults = [None] * (len(named) - len(node.args.defaults)) + node.args.defaults
            pairs = list(zip(named, defaults[-len(named):] if named else [])) + list(zip(node.args.kwonlyargs, node.args.kw_defaults))
            return [parameter(argument.arg, argument.annotation, default) for argument, default in pairs]
    return [parameter(node.target.id, node.annotation, node.value) for node in cls.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_")]

def methods(nodes):
    return [{"name": node.name, "isGenerator": is_generator(node), "web": web_kind(node)} for node in nodes
            if isinstance(node, FUNCTIONS) and not node.name.startswith("_")]

try:
    tree = ast.parse(sys.stdin.buffer.read())
    classes = [{"name": node.name, "methods": methods(node.body), "parameters": parameters(node)} for node in tree.body
               if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    print(json.dumps({"functions": methods(tree.body), "classes": classes}))
except (SyntaxError, ValueError) as error:
    print(json.dumps({"fault": str(error)}))
`;

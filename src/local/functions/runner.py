"""
Runs one deployed function. Reads the setup and then calls from stdin, and answers each on stdout. A frame has two lengths
(big-endian, 32 bits each), a header in JSON and a body. A call with arguments is CBOR. A call from the web has its query in
the header, and it and its answer are JSON. The function's own output goes to stderr. cbor.py and modalStandIn.py come before
this in the same program.
"""
import asyncio, base64, importlib, inspect, json, os, struct, sys, tempfile, traceback

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

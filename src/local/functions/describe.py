"""
Prints the public functions and classes of the module on stdin as JSON, without running the module.
"""
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

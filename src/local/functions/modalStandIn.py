"""
Stands for the modal package in a deployed file, so that a file written for `modal deploy` works unchanged: while the file is
loaded, decorators return what they decorate, and whatever else is declared (an image, a GPU, a secret) is accepted and
ignored. A function that uses Modal while it runs gets an error that says so.
"""
import sys, types

class _Declaration:
    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if _Declaration.closed:
            raise RuntimeError("%s.%s: a deployed function of the local backend cannot use Modal while it runs." % (self._name, name))
        return _Declaration("%s.%s" % (self._name, name))

    def __call__(self, *args, **options):
        decorated = len(args) == 1 and not options and isinstance(args[0], (type, types.FunctionType))
        return args[0] if decorated else self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

_Declaration.closed = False

def _parameter(default=None, **options):
    return default

def _enter(**options):
    def mark(method):
        method.modal_enter = True
        return method
    return mark

def declare_modal():
    modal = types.ModuleType("modal")
    modal.parameter, modal.enter = _parameter, _enter
    modal.is_local = lambda: False
    modal.__getattr__ = lambda name: getattr(_Declaration("modal"), name)
    sys.modules["modal"] = modal

def close_modal():
    _Declaration.closed = True

"""
Runs a notebook in the working directory and prints the output of its cells. Writes the result next to it after every
cell, as train.result.ipynb, so that an error does not lose it. Requires nbclient, which is part of Jupyter.
Argument: the notebook.
"""
import os, sys

path = sys.argv[1]
result = os.path.splitext(path)[0] + ".result.ipynb"

def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)

try:
    import ipykernel, nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
except ImportError:
    fail('The image lacks nbclient and ipykernel, which run notebooks. Add both to the setting "modalSandboxes.packages", or choose an image with Jupyter.')

try:
    notebook = nbformat.read(path, as_version=4)
except Exception as error:
    fail("%s is not a valid notebook: %s" % (os.path.basename(path), error))

kernel = notebook.metadata.get("kernelspec", {})
name, kernels = kernel.get("name", "python3"), KernelSpecManager().find_kernel_specs()
if name not in kernels and kernel.get("language", "python") == "python":
    name = "python3"
if name not in kernels:
    fail("The image lacks the notebook's kernel, %s. Choose an image that has it." % name)

def save():
    nbformat.write(notebook, result + ".part")
    os.replace(result + ".part", result)

cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]

class Client(NotebookClient):
    async def async_execute_cell(self, cell, *args, **options):
        if cell in cells:
            first = cell.source.strip().splitlines()[0]
            print("\x1b[2m[%d/%d] %s\x1b[0m" % (cells.index(cell) + 1, len(cells), first), flush=True)
        try:
            return await super().async_execute_cell(cell, *args, **options)
        finally:
            save()

    def process_message(self, message, *args):
        content = message["content"]
        if message["msg_type"] == "stream":
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            stream.write(content["text"])
            stream.flush()
        elif message["msg_type"] in ("execute_result", "display_data"):
            print(content["data"].get("text/plain", ""), flush=True)
        elif message["msg_type"] == "error":
            print("\n".join(content["traceback"]), file=sys.stderr, flush=True)
        return super().process_message(message, *args)

save()
try:
    Client(notebook, kernel_name=name, timeout=None).execute()
except CellExecutionError:
    fail("A cell failed. The cells that ran are in %s." % os.path.basename(result))
finally:
    save()
print("The result is in %s." % os.path.basename(result))

import { makeDirectory, readFile, remove, writeFile } from "./contents";
import { describePath, listFiles } from "./entries";
import { toFailure } from "./failure";
import { parseRequest, type FsRequest } from "./request";
import { watchPath } from "./watchPath";

/**
 * The tool behind the SDK's `sandbox.filesystem`. It runs inside a sandbox, and its one argument is a request in JSON.
 * Data that it reads goes to stdout, and data to write comes from stdin. A failure is JSON on stderr and exit code 1.
 */
async function main(argv: readonly string[]): Promise<void> {
  try {
    await perform(parseRequest(argv[2] ?? ""));
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(JSON.stringify({ version: 1, ...toFailure(error) }));
    process.exitCode = 1;
  }
  // The rest of the input is not needed.
  process.stdin.destroy();
}

async function perform(request: FsRequest): Promise<void> {
  switch (request.operation) {
    case "ListFiles": {
      print(await listFiles(request.path));
      return;
    }
    case "Stat": {
      print(await describePath(request.path));
      return;
    }
    case "ReadFile":
      return readFile(request.path, process.stdout);
    case "WriteFile":
      return writeFile(request.path, process.stdin);
    case "MakeDirectory":
      return makeDirectory(request.path, request.parents);
    case "Remove":
      return remove(request.path, request.recursive);
    case "Watch":
      return watchPath(request, process.stdin, process.stdout);
  }
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}

if (require.main === module) void main(process.argv);

import { changeSharedFile } from "../../../src/base/sharedFile";

/** Saves `PATH`, and blocks while it holds the lock, until it is killed. */
const [, , path = ""] = process.argv;

void changeSharedFile(path, () => {
  process.stdout.write("held\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return "";
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// V8 gives freed pages back from another thread.
const UNMAPPING_MS = 500;

/**
 * For `node --require`: at SIGUSR2 the local backend collects all garbage and logs the bytes that it then has in
 * memory. V8 itself lets garbage lie for minutes, more of it than anything that could leak.
 */
if (process.argv[1]?.endsWith("local.js")) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  process.on("SIGUSR2", () => {
    collect();
    setTimeout(() => {
      collect();
      process.stderr.write(`memory: ${process.memoryUsage.rss()}\n`);
    }, UNMAPPING_MS);
  });
}

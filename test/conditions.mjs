/**
 * The conditions that `--condition NAME` selects; see src/local/README.md. A suite runs the files listed for it (without
 * ".test.ts"), or all of its files if the list is empty.
 */
const core = {
  backend: ["local/network/tunnels", "sync/pull", "sync/push", "run/run", "run/shell"],
  e2e: ["runs/run", "sandboxes/sandboxes", "runs/shell", "sync/sync"],
  demo: [],
};

export const conditions = {
  root: {
    env: {},
    suites: {
      unit: ["sync/archive/nastyCases", "sync/push/push", "sync/push/pushInterrupted", "sync/archive/unpack"],
      backend: [
        "sync/brokenDisk",
        "local/sandbox/isolation",
        "local/images",
        "local/sandbox/limits",
        "local/network/network",
        "local/sandbox/options",
        "local/signIn",
        "local/sandbox/snapshots",
        "local/otherUser",
      ],
    },
  },
  directory: { env: { MODAL_LOCAL_ISOLATION: "directory" }, suites: core },
  "shared-network": { env: { MODAL_LOCAL_NETWORK: "shared" }, suites: core },
};

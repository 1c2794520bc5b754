/**
 * What `--condition NAME` makes of a test run: see src/local/README.md. A suite runs the files that it names here, without
 * ".test.ts", or as a whole where it names none.
 */
const core = {
  backend: ["localTunnels", "pull", "push", "run", "shell"],
  e2e: ["run", "sandboxes", "shell", "sync"],
  demo: [],
};

export const conditions = {
  root: {
    env: {},
    suites: {
      unit: ["sync/nastyCases", "sync/push", "sync/pushInterrupted", "sync/unpack"],
      backend: [
        "brokenDisk",
        "isolation",
        "localImages",
        "localLimits",
        "localNetwork",
        "localOptions",
        "localSignIn",
        "localSnapshots",
        "otherUser",
      ],
    },
  },
  directory: { env: { MODAL_LOCAL_ISOLATION: "directory" }, suites: core },
  "shared-network": { env: { MODAL_LOCAL_NETWORK: "shared" }, suites: core },
};

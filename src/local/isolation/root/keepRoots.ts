import type { Isolation, IsolatedRoot, RootOptions } from "../../base/isolation";

/** The part of every isolation that tracks its roots, so that disposing the isolation disposes them all. */
export function keepRoots(
  create: (options: RootOptions) => Promise<IsolatedRoot>,
): Pick<Isolation, "createRoot" | "dispose"> {
  const roots = new Set<IsolatedRoot>();
  return {
    createRoot: async (options) => {
      const root = await create(options);
      roots.add(root);
      void root.ended.then(() => roots.delete(root));
      return root;
    },
    dispose: async () => {
      await Promise.all([...roots].map((root) => root.dispose()));
      roots.clear();
    },
  };
}

/** The things that `test/run.mjs` prepares before it starts a suite: see `test/prepare.mjs`. */
export interface TestEnvironment {
  /** The Node that can run the VS Code server. */
  readonly node: string;
  readonly serverMain: string;
  /** The browser's executable. */
  readonly browser: string;
  /** The packaged extension. */
  readonly vsix: string;
  /** The checkout. */
  readonly root: string;
}

export function testEnvironment(): TestEnvironment {
  return {
    node: required("TEST_VSCODE_NODE"),
    serverMain: required("TEST_VSCODE_SERVER"),
    browser: required("TEST_BROWSER"),
    vsix: required("TEST_VSIX"),
    root: required("TEST_ROOT"),
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start this by "npm run test:e2e", which gets what it needs.`);
  return value;
}

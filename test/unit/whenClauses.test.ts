import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Session } from "../../src/auth/session";
import { sandboxKeys, sessionKeys } from "../../src/ui/contextValues";
import { isAboutContextKeys, sessionKinds, sessions } from "./support/contextKeys";
import { readManifest } from "./support/manifest";
import { sandbox } from "./support/sandboxes";
import { propertyNames, readSourceFiles } from "./support/sourceFiles";
import { parseWhen } from "./support/whenClause";

const { commands, menus, keybindings, views, viewsWelcome } = readManifest().contributes;

/** Context keys of VS Code's own. */
const BUILT_IN_KEYS = [
  ...["config.modalSandboxes.snapshotOnExit", "editorHasSelection", "editorTextFocus"],
  ...["explorerResourceIsFolder", "focusedView", "inChat", "isInDiffEditor", "isWorkspaceTrusted"],
  ...["listMultiSelection", "notebookEditorFocused", "notebookType"],
  ...["resourceExtname", "resourceLangId", "resourceScheme", "view"],
  ...["viewItem", "workspaceFolderCount"],
];

const clauses = [
  ...commands.map(({ enablement }) => enablement),
  ...Object.values(menus)
    .flat()
    .map(({ when }) => when),
  ...keybindings.map(({ when }) => when),
  ...viewsWelcome.map(({ when }) => when),
  ...Object.values(views).flatMap((contained) => contained.map(({ when }) => when)),
].flatMap((when) => (when === undefined ? [] : [parseWhen(when)]));

describe("the command palette", () => {
  const offered = (session: Session, isWorkspaceTrusted: boolean, keys: object = {}): string[] => {
    const context = {
      isWorkspaceTrusted,
      workspaceFolderCount: 1,
      "modalSandboxes.isListed": true,
      ...sessionKeys(session, isWorkspaceTrusted),
      ...keys,
    };
    const paletteItems = (menus.commandPalette ?? []).filter((item) => "command" in item);
    const whens = new Map(paletteItems.map(({ command, when }) => [command, when]));
    return commands
      .filter(({ enablement = "true" }) => parseWhen(enablement).holds(context))
      .filter(({ command }) => parseWhen(whens.get(command) ?? "true").holds(context))
      .map(({ command }) => command.replace("modalSandboxes.", ""));
  };
  const added = (keys: object): string[] => {
    const before = new Set(offered(sessionKinds.signedIn, true));
    return offered(sessionKinds.signedIn, true, keys).filter((id) => !before.has(id));
  };
  const running = sandbox({ phase: { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] } });
  const paused = sandbox({ phase: { kind: "paused", imageId: "im-1", pausedAt: 0 } });

  it("offers only commands that need no trust in a restricted folder", () => {
    const harmless = ["openSettings", "runFile", "showLog", "signOut"];
    for (const session of sessions) assert.deepEqual(sorted(offered(session, false)), harmless);
  });

  it("offers ways to sign in and commands that work without an account while signed out", () => {
    assert.deepEqual(sorted(offered(sessionKinds.signedOut, true)), [
      ...["checkConnection", "compareRuns", "copyRunOutput", "detachRun", "explainSync", "forgetRuns"],
      ...["openSettings", "previewSync", "runFile", "saveRunOutput", "setLimits", "showBuildLog", "showLog", "signIn"],
      "useLocalBackend",
    ]);
  });

  it("offers Sign Out with a session, and Use Local Backend unless it is used", () => {
    assert.ok(offered(sessionKinds.signedIn, true).includes("signOut"));
    assert.ok(offered(sessionKinds.signedIn, true).includes("useLocalBackend"));
    assert.ok(!offered(sessionKinds.local, true).includes("useLocalBackend"));
  });

  it("offers commands for a running sandbox only while one is running", () => {
    assert.deepEqual(sorted(added(sandboxKeys([running], []))), [
      ...["branchSandbox", "continueSandbox", "downloadFromSandbox", "openShell", "openTunnel", "pauseSandbox"],
      ...["runFileInSandbox", "snapshotSandbox", "syncFolder", "terminateSandbox"],
    ]);
  });

  it("offers to resume, to restore and to use snapshots only if there is something to act on", () => {
    assert.deepEqual(added(sandboxKeys([paused], [])), ["resumeSandbox"]);
    assert.deepEqual(added(sandboxKeys([], [{ kind: "manual" }])), ["createFromSnapshot", "deleteSnapshot"]);
    assert.deepEqual(added(sandboxKeys([], [{ kind: "exit" }])), [
      ...["restoreSandbox", "createFromSnapshot", "deleteSnapshot"],
    ]);
    assert.deepEqual(added(sandboxKeys([{ ...running, holder: "nobody" }], [])).includes("terminateOrphans"), true);
  });

  it("does not hide snapshots before they are listed", () => {
    assert.deepEqual(added({ "modalSandboxes.isListed": false }), [
      ...["restoreSandbox", "createFromSnapshot", "deleteSnapshot"],
    ]);
  });
});

describe("contributed when clauses", () => {
  it("use only keys of VS Code or of the extension, and every key of the extension is used", () => {
    const declaring = readSourceFiles().filter(({ path }) => isAboutContextKeys(path));
    const ours = [...new Set(declaring.flatMap(({ tree }) => propertyNames(tree)))];
    assert.ok(ours.length > 0);
    const used = new Set(clauses.flatMap(({ keys }) => keys));
    assert.deepEqual(
      [...used].filter((key) => !BUILT_IN_KEYS.includes(key) && !ours.includes(key)),
      [],
    );
    assert.deepEqual(
      ours.filter((key) => !used.has(key)),
      [],
    );
  });

  it("use only existing kinds of sessions", () => {
    const asked = clauses.flatMap(({ patterns }) =>
      patterns.filter(({ key }) => key === "modalSandboxes.session").map(({ pattern }) => pattern),
    );
    assert.ok(asked.length > 0);
    for (const pattern of asked)
      assert.ok(
        sessions.some(({ kind }) => pattern.test(kind)),
        String(pattern),
      );
  });
});

const sorted = (names: readonly string[]): string[] => [...names].sort();

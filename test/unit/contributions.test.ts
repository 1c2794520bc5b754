import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "mocha";
import { sessionKeys } from "../../src/ui/contextValues";
import { isAboutContextKeys, sessionKinds, sessions } from "./support/contextKeys";
import { readManifest, type MenuItem, type SubmenuItem } from "./support/manifest";
import { rowFlags, statesOf } from "./support/menuStates";
import { firstArguments, propertyNames, readSourceFiles, valuesOf } from "./support/sourceFiles";
import { parseWhen, type Context } from "./support/whenClause";

const manifest = readManifest();
const { commands, menus, submenus, keybindings, viewsContainers, views, viewsWelcome, terminal, walkthroughs } =
  manifest.contributes;
const files = readSourceFiles();

/** The names that others rely on. */
const FIXED_TITLES: Readonly<Record<string, string>> = {
  createSandbox: "Create Sandbox…",
  runFile: "Run Current File on GPU…",
  runFileAgain: "Run Last File Again",
  syncFolder: "Sync Folder to Sandbox",
  downloadFromSandbox: "Download from Sandbox…",
  openTunnel: "Open Tunnel URL…",
  openShell: "Open Shell in Sandbox",
  attachSandbox: "Attach to Sandbox…",
  terminateSandbox: "Terminate Sandbox",
  terminateAllSandboxes: "Terminate All Sandboxes…",
  refreshSandboxes: "Refresh Sandboxes",
  signIn: "Sign In…",
  signOut: "Sign Out",
  useLocalBackend: "Use Local Backend",
  showLog: "Show Log",
};

/** They neither run, spend nor connect; `runFile` says itself what a restricted folder lacks. */
const WITHOUT_TRUST = [
  ...["copySandboxId", "copyTunnelUrl", "openSettings", "runExplorerFile", "runFile"],
  ...["showLog", "showRun", "signOut"],
];

/** VS Code's own commands that messages lead to. */
const BUILT_IN_COMMANDS = [
  ...["vscode.openFolder", "workbench.trust.manage"],
  ...["modalSandboxes.orphans.focus", "modalSandboxes.sandboxes.focus"],
];

const commandIds = commands.map(({ command }) => command);
const allItems = Object.values(menus).flat();
const menuItems = allItems.filter((item) => "command" in item);
const viewIds = Object.values(views).flatMap((contained) => contained.map(({ id }) => id));

const links = [
  ...viewsWelcome.map(({ contents }) => contents),
  ...walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
].flatMap((text) => [...text.matchAll(/\]\(command:([\w.]+)\)/g)].map(([, id]) => id ?? ""));

describe("contributed commands", () => {
  it("are exactly those that the code registers", () => {
    const registered = files
      .filter(({ path }) => path.startsWith("ui/") && !isAboutContextKeys(path))
      .flatMap(({ tree }) => propertyNames(tree))
      .filter((name) => name.startsWith("modalSandboxes."));
    assert.deepEqual(sorted(registered), sorted(commandIds));
  });

  it("keep the titles that other places rely on", () => {
    const titles = Object.fromEntries(commands.map(({ command, title }) => [command, title]));
    for (const [name, title] of Object.entries(FIXED_TITLES)) assert.equal(titles[`modalSandboxes.${name}`], title);
  });

  it("have the category Modal and a title in Title Case", () => {
    for (const { title, category } of commands) {
      assert.equal(category, "Modal", title);
      assert.match(title, /^[A-Z]\w*( (?:[A-Z]\w*|from|in|on|to|with))*…?$/, title);
    }
  });

  it("are disabled in a restricted folder unless they are harmless there", () => {
    const enabled = commands.filter(({ enablement = "true" }) =>
      parseWhen(enablement).holds({ isWorkspaceTrusted: false, workspaceFolderCount: 1 }),
    );
    assert.deepEqual(sorted(enabled.map(({ command }) => command.replace("modalSandboxes.", ""))), WITHOUT_TRUST);
  });

  it("can each be reached from the palette or from a menu", () => {
    const hidden = new Set(
      menus.commandPalette?.flatMap((item) => ("command" in item && item.when === "false" ? [item.command] : [])),
    );
    const inMenus = new Set(
      Object.entries(menus)
        .flatMap(([menu, items]) => (menu === "commandPalette" ? [] : items))
        .flatMap((item) => ("command" in item ? [item.command] : [])),
    );
    assert.deepEqual(
      commandIds.filter((id) => hidden.has(id) && !inMenus.has(id)),
      [],
    );
  });

  it("are the only ones that menus, keys, messages and errors lead to", () => {
    const known = new Set([...commandIds, ...BUILT_IN_COMMANDS]);
    const ofCode = files
      .flatMap(({ tree }) => valuesOf("command", tree))
      .filter((id) => id.startsWith("modalSandboxes."));
    const events = walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents));
    const awaited = events.flatMap((event) =>
      event.startsWith("onCommand:") ? [event.slice("onCommand:".length)] : [],
    );
    const used = [
      ...menuItems.map(({ command }) => command),
      ...keybindings.map(({ command }) => command),
      ...links,
      ...ofCode,
      ...awaited,
    ];
    assert.deepEqual(
      used.filter((id) => !known.has(id)),
      [],
    );
  });

  it("have an icon wherever VS Code draws one", () => {
    const drawn = menuItems
      .filter(({ group = "" }) => /^(inline|navigation)\b/.test(group))
      .map(({ command }) => command);
    const withIcon = new Set(commands.filter(({ icon }) => icon !== undefined).map(({ command }) => command));
    assert.deepEqual(
      drawn.filter((id) => !withIcon.has(id)),
      [],
    );
  });
});

describe("contributed menus", () => {
  const subjectOf = (item: MenuItem | SubmenuItem) => ("command" in item ? item.command : item.submenu);

  it("show no item twice in any state", () => {
    for (const [menu, all] of Object.entries(menus)) {
      const items = all.map((item) => ({ ...item, when: parseWhen(item.when ?? "true"), subject: subjectOf(item) }));
      const several = items.filter(({ subject }) => items.filter((other) => other.subject === subject).length > 1);
      const keys = [...new Set(several.flatMap(({ when }) => when.keys))];
      for (const state of statesOf(keys, { view: viewIds })) {
        // A row has its buttons next to it, and its menu apart from them.
        const shown = several
          .filter(({ when }) => when.holds(state))
          .map(({ subject, group = "" }) => `${subject}${group.startsWith("inline") ? " as a button" : ""}`);
        assert.deepEqual(shown, [...new Set(shown)], `${menu}: ${JSON.stringify(state)}`);
      }
    }
  });

  it("are sorted by group and then by order, as VS Code shows them", () => {
    const rankOf = (group = "") => {
      const [name = "", order = "0"] = group.split("@");
      return `${/^(inline|navigation)$/.test(name) ? 0 : 1} ${name} ${order.padStart(3, "0")}`;
    };
    for (const [menu, items] of Object.entries(menus)) {
      const ranks = items.map(({ group }) => rankOf(group));
      assert.deepEqual(ranks, sorted(ranks), menu);
    }
  });

  it("have one submenu each in the editor and in the Explorer", () => {
    for (const menu of ["editor/context", "explorer/context"]) {
      const labels = menus[menu]?.map((item) => submenus.find(({ id }) => id === subjectOf(item))?.label);
      assert.deepEqual(labels, ["Run on Modal"], menu);
    }
  });

  it('do not say "current file" in the Explorer, where another file may be clicked', () => {
    const titles = new Map(commands.map(({ command, title }) => [command, title]));
    const items = menus["modalSandboxes.explorerRun"] ?? [];
    assert.ok(items.length > 0);
    for (const item of items) assert.doesNotMatch(titles.get(subjectOf(item)) ?? "", /\bCurrent\b/);
  });

  it("know every kind of row in the views", () => {
    const flags = files.flatMap(({ tree }) => valuesOf("contextValue", tree));
    assert.deepEqual(
      flags.filter((one) => !rowFlags.includes(one)),
      [],
    );
  });
});

describe("contributed views", () => {
  it("are exactly those that the code creates, in a container of the extension", () => {
    const created = files.flatMap(({ tree }) => [
      ...[...tree.text.matchAll(/^const VIEW = "([\w.]+)";$/gm)].map(([, id]) => id ?? ""),
      ...valuesOf("view", tree).filter((id) => id.startsWith("modalSandboxes.")),
    ]);
    assert.deepEqual(sorted(created), sorted(viewIds));
    assert.deepEqual(
      Object.keys(views),
      viewsContainers.activitybar.map(({ id }) => id),
    );
  });

  it("are the only ones that menus and welcome views refer to", () => {
    const asked = [
      ...menuItems.flatMap(({ when = "" }) => [...when.matchAll(/\bview == ([\w.]+)/g)].map(([, id]) => id ?? "")),
      ...viewsWelcome.map(({ view }) => view),
    ];
    assert.deepEqual(sorted([...new Set(asked)]), sorted(viewIds));
  });

  const LISTED = { "modalSandboxes.isListed": true, ...Object.fromEntries(viewIds.map((id) => [`${id}Listed`, true])) };

  it("show exactly one welcome in each state in which they may be empty", () => {
    for (const { id: view, when } of Object.values(views).flat()) {
      const shown = (context: Context) =>
        viewsWelcome.filter((welcome) => welcome.view === view && parseWhen(welcome.when).holds(context)).length;
      const isThere = (context: Context) => when === undefined || parseWhen(when).holds(context);
      for (const workspaceFolderCount of [0, 1, 2])
        for (const isWorkspaceTrusted of [true, false])
          for (const hasOrphans of [true, false])
            for (const session of sessions) {
              const keys = sessionKeys(session, isWorkspaceTrusted);
              const known = { ...keys, "modalSandboxes.hasOrphans": hasOrphans, ...LISTED };
              const state = { isWorkspaceTrusted, workspaceFolderCount, ...known };
              if (isThere(state)) assert.equal(shown(state), 1, `${view}: ${JSON.stringify(state)}`);
            }
    }
  });

  it("show no welcome before anything is known", () => {
    const context = { isWorkspaceTrusted: true, workspaceFolderCount: 1 };
    const { signedIn, local } = sessionKinds;
    for (const keys of [{}, sessionKeys(signedIn, true), sessionKeys(local, true)])
      for (const { when } of viewsWelcome) assert.equal(parseWhen(when).holds({ ...context, ...keys }), false, when);
  });
});

describe("the other contributions", () => {
  it("include only tasks of the type that the code provides", () => {
    const provided = files.flatMap(({ tree }) => firstArguments(tree, "registerTaskProvider"));
    assert.deepEqual(
      provided,
      manifest.contributes.taskDefinitions.map(({ type }) => type),
    );
  });

  it("include exactly the terminal profiles that the code provides", () => {
    const provided = files.flatMap(({ tree }) => firstArguments(tree, "registerTerminalProfileProvider"));
    assert.deepEqual(
      provided,
      terminal.profiles.map(({ id }) => id),
    );
  });

  it("include only keys with a form for the Mac and a clause", () => {
    for (const { key, mac, when } of keybindings) assert.ok(key && mac && when);
  });

  it("include only pictures that exist", () => {
    const pictures = [
      manifest.icon,
      ...viewsContainers.activitybar.map(({ icon }) => icon),
      ...Object.values(views).flatMap((contained) => contained.map(({ icon }) => icon)),
      ...walkthroughs.flatMap(({ icon, steps }) => [icon, ...steps.map(({ media }) => media.svg)]),
    ];
    assert.deepEqual(
      pictures.filter((path) => !existsSync(path)),
      [],
    );
  });

  it("include only walkthrough steps that describe their picture and say how they are completed", () => {
    for (const { steps } of walkthroughs)
      for (const { media, completionEvents } of steps) assert.ok(media.altText && completionEvents.length > 0);
  });
});

const sorted = (names: readonly string[]): string[] => [...names].sort();

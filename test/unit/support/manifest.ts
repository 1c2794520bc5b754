import { readFromRoot } from "./sourceFiles";

export interface Command {
  readonly command: string;
  readonly title: string;
  readonly category?: string;
  readonly icon?: string;
  readonly enablement?: string;
}

interface Placed {
  readonly when?: string;
  readonly group?: string;
}

export interface MenuItem extends Placed {
  readonly command: string;
}

export interface SubmenuItem extends Placed {
  readonly submenu: string;
}

export interface Setting {
  readonly type: string;
  readonly order: number;
  readonly scope: string;
  readonly default: unknown;
  readonly markdownDescription: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: { readonly pattern?: string };
  readonly additionalProperties?: { readonly properties?: Readonly<Record<string, unknown>> };
}

/** One line of a problem matcher; `message` and so on say which group holds that. */
export interface Pattern {
  readonly regexp: string;
  readonly file?: number;
  readonly line?: number;
  readonly severity?: number;
  readonly message?: number;
}

interface Welcome {
  readonly view: string;
  readonly when: string;
  readonly contents: string;
}

interface WalkthroughStep {
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}

export interface Manifest {
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly menus: Readonly<Record<string, readonly (MenuItem | SubmenuItem)[]>>;
    readonly submenus: readonly { readonly id: string; readonly label: string }[];
    readonly keybindings: readonly {
      readonly command: string;
      readonly key: string;
      readonly mac: string;
      readonly when: string;
    }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: Readonly<
      Record<string, readonly { readonly id: string; readonly icon: string; readonly when?: string }[]>
    >;
    readonly viewsWelcome: readonly Welcome[];
    readonly configuration: readonly {
      readonly title: string;
      readonly order: number;
      readonly properties: Readonly<Record<string, Setting>>;
    }[];
    readonly taskDefinitions: readonly {
      readonly type: string;
      readonly properties: Readonly<Record<string, unknown>>;
    }[];
    readonly problemMatchers: readonly { readonly name: string; readonly pattern: Pattern | readonly Pattern[] }[];
    readonly terminal: { readonly profiles: readonly { readonly id: string }[] };
    readonly walkthroughs: readonly { readonly icon: string; readonly steps: readonly WalkthroughStep[] }[];
  };
}

/** The package.json of the extension; what of it is not as described fails where it is read. */
export const readManifest = (): Manifest => JSON.parse(readFromRoot("package.json")) as Manifest;

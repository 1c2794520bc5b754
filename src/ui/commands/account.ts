import { ConfigurationTarget, env, Uri, window, workspace, type QuickPickItem } from "vscode";
import { credentialsFromEnvironment, type Profile } from "../../auth/profiles";
import type { SessionService } from "../../auth/session";
import { UserError } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { ClientTarget } from "../../modal/client";
import { verifyCredentials } from "../../modal/connection";
import { withProgress } from "../progress";
import { usesLocalBackend } from "../settings";
import type { CommandTable } from "./register";

export interface AccountDependencies {
  readonly session: SessionService;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

const TOKENS_PAGE = "https://modal.com/settings/tokens";

type SignInItem = QuickPickItem & { readonly act: () => Promise<unknown> };

export function accountCommands({ session, variables, log }: AccountDependencies): CommandTable {
  const useModal = async (): Promise<void> => {
    await setBackend("modal");
    await session.resolve(false);
  };

  /** Tries the token with one call, and goes on only if Modal takes it. */
  const verified = async (target: ClientTarget, keep: () => Promise<void>): Promise<void> => {
    await withProgress("Signing in to Modal", async (_report, signal) => verifyCredentials(target, log, signal));
    await keep();
    await useModal();
  };

  const paste = async (): Promise<void> => {
    const tokenId = await askToken("Token ID", "ak-");
    if (tokenId === undefined) return;
    const tokenSecret = await askToken("Token secret", "as-");
    if (tokenSecret === undefined) return;
    await verified({ tokenId, tokenSecret }, () => session.keepPasted(tokenId, tokenSecret));
  };

  const profileItem = ({ name, isActive, credentials }: Profile): SignInItem[] =>
    credentials
      ? [
          {
            label: `$(account) ${name}`,
            description: isActive ? "active profile" : "profile",
            detail: session.configPath,
            act: () => verified(credentials, () => session.useProfile(name)),
          },
        ]
      : [];

  return {
    "modalSandboxes.signIn": async () => {
      const found = credentialsFromEnvironment(variables);
      const { profiles, problem } = await readProfiles(session);
      const items: SignInItem[] = [
        ...(found
          ? [
              {
                label: "$(terminal) Use the environment's token",
                description: "MODAL_TOKEN_ID",
                act: () => verified(found, () => session.useFound()),
              },
            ]
          : []),
        ...profiles.flatMap(profileItem),
        { label: "$(key) Paste a token…", description: "kept in VS Code's secret storage", act: paste },
        {
          label: "$(link-external) Get a token from modal.com",
          description: TOKENS_PAGE,
          act: async () => {
            await env.openExternal(Uri.parse(TOKENS_PAGE));
            await paste();
          },
        },
        {
          label: "$(vm) Use the local backend",
          description: "no account, no cost, runs on this machine",
          act: () => useLocal(session),
        },
      ];
      const chosen = await window.showQuickPick(items, {
        title: "Sign In to Modal",
        placeHolder: problem ?? "How do you want to sign in?",
      });
      await chosen?.act();
    },

    "modalSandboxes.signOut": async () => {
      await session.signOut();
      await useModal();
    },

    "modalSandboxes.useLocalBackend": () => useLocal(session),
  };
}

/** A malformed file must not keep anyone from signing in another way. */
async function readProfiles(session: SessionService): Promise<{ profiles: Profile[]; problem?: string }> {
  try {
    return { profiles: await session.profiles() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { profiles: [], problem: error.message };
  }
}

async function useLocal(session: SessionService): Promise<void> {
  await setBackend("local");
  await session.resolve(true);
}

/** The choice is the user's, not a folder's: it is written where the setting is already, else to the user settings. */
async function setBackend(backend: "modal" | "local"): Promise<void> {
  if (usesLocalBackend() === (backend === "local")) return;
  const configuration = workspace.getConfiguration("modalSandboxes");
  const isInWorkspace = configuration.inspect("backend")?.workspaceValue !== undefined;
  await configuration.update(
    "backend",
    backend,
    isInWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global,
  );
}

async function askToken(what: string, prefix: string): Promise<string | undefined> {
  const entered = await window.showInputBox({
    title: "Sign In to Modal",
    prompt: `${what}, as modal.com/settings/tokens shows it`,
    placeHolder: `${prefix}…`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim().startsWith(prefix) && !/\s/.test(value.trim()) ? undefined : `It starts with ${prefix}`,
  });
  return entered?.trim();
}

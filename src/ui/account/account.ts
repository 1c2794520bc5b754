import { env, ThemeIcon, Uri, type QuickPickItem } from "vscode";
import { credentialsFromEnvironment, type EnvironmentVariables, type Profile } from "../../auth/profiles";
import type { NewProfile } from "../../auth/profileText";
import type { SessionService } from "../../auth/session";
import { UserError } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { AccountService } from "../../modal/account";
import { signInByBrowser } from "../../modal/browserSignIn";
import type { ClientTarget } from "../../modal/client";
import { verifyCredentials } from "../../modal/connection";
import { askForText, askInDialog, pickOne, showInformation } from "../outsideText";
import { withProgress } from "../progress";
import { usesLocalBackend } from "../settings";
import { updateSetting } from "../updateSetting";
import type { CommandTable } from "../commands/register";

export interface AccountDependencies {
  readonly session: SessionService;
  readonly account: AccountService;
  readonly variables: EnvironmentVariables;
  readonly log: Logger;
}

type SignInItem = QuickPickItem & { readonly act: () => Promise<unknown> };

export function accountCommands({ session, account, variables, log }: AccountDependencies): CommandTable {
  const serverUrl = variables.MODAL_SERVER_URL;

  const useModal = async (): Promise<void> => {
    await setBackend("modal");
    await session.resolve(false);
  };

  /** Tries the token with one call, and keeps it only if Modal accepts it. Returns the name of the workspace. */
  const verified = async (target: ClientTarget, keep: () => Promise<void>): Promise<string> => {
    const workspaceName = await withProgress("Signing in to Modal", async (_report, signal) =>
      verifyCredentials(target, log, signal),
    );
    await keep();
    await useModal();
    return workspaceName;
  };

  const keepToken = async (tokenId: string, tokenSecret: string): Promise<void> => {
    const token = { tokenId, tokenSecret, ...(serverUrl !== undefined && { serverUrl }) };
    const name = await verified(token, () => session.keepPasted(tokenId, tokenSecret));
    await offerToSave(session, { ...token, name });
  };

  const browse = async (): Promise<void> => {
    const { tokenId, tokenSecret } = await withProgress("Signing in to Modal", async (report, signal) =>
      signInByBrowser({ serverUrl, open: (url, code) => openSignInPage(url, code, report) }, signal),
    );
    await keepToken(tokenId, tokenSecret);
  };

  const paste = async (): Promise<void> => {
    const tokenId = await askToken("Token ID", "ak-");
    if (tokenId === undefined) return;
    const tokenSecret = await askToken("Token secret", "as-");
    if (tokenSecret !== undefined) await keepToken(tokenId, tokenSecret);
  };

  const profileItem = ({ name, isActive, credentials }: Profile): SignInItem[] =>
    credentials
      ? [
          {
            iconPath: new ThemeIcon("account"),
            label: name,
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
        { iconPath: new ThemeIcon("globe"), label: "Sign in with the browser", description: "modal.com", act: browse },
        ...(found
          ? [
              {
                iconPath: new ThemeIcon("terminal"),
                label: "Use the environment's token",
                description: "MODAL_TOKEN_ID",
                act: () => verified(found, () => session.useFound()),
              },
            ]
          : []),
        ...profiles.flatMap(profileItem),
        {
          iconPath: new ThemeIcon("key"),
          label: "Paste a token…",
          description: "from modal.com/settings/tokens",
          act: paste,
        },
        {
          iconPath: new ThemeIcon("vm"),
          label: "Use the local backend",
          description: "no account, no cost, runs on this machine",
          act: () => useLocal(session),
        },
      ];
      const chosen = await pickOne(items, {
        title: "Sign In to Modal",
        placeHolder: problem ?? "How do you want to sign in?",
      });
      await chosen?.act();
    },

    "modalSandboxes.signOut": async () => {
      await session.signOut();
      await useModal();
    },

    "modalSandboxes.selectEnvironment": () => selectEnvironment(account),

    "modalSandboxes.useLocalBackend": () => useLocal(session),
  };
}

/** Copies the link to the clipboard if no browser can be opened from here. */
async function openSignInPage(url: string, code: string, report: (step: string) => void): Promise<void> {
  const uri = Uri.parse(url, true);
  if (!/^https?$/.test(uri.scheme)) throw new Error(`Modal returned an invalid sign-in link: ${url}`);

  report(code ? `Approve it in the browser. Its code is ${code}.` : "Approve it in the browser.");
  if (await env.openExternal(uri)) return;
  await env.clipboard.writeText(url);
  report(`The link is in your clipboard. Open it in a browser and approve ${code ? `the code ${code}` : "it"} there.`);
}

const SAVE = "Save to ~/.modal.toml";

async function offerToSave(session: SessionService, profile: NewProfile): Promise<void> {
  if ((await showInformation(`Signed in to the Modal workspace ${profile.name}.`, SAVE)) !== SAVE) return;

  const isKnown = (await session.profiles()).some(({ name }) => name === profile.name);
  const question = `${session.configPath} has a profile ${profile.name}. Replace its token?`;
  if (isKnown && (await askInDialog(question, "", "Replace")) !== "Replace") return;
  await session.saveProfile(profile);
}

/** Reports a malformed file as `problem`, so that the user can still sign in another way. */
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

async function selectEnvironment(account: AccountService): Promise<void> {
  const environments = await withProgress("Listing the environments", (_report, signal) =>
    account.environments(signal),
  );
  const current = account.current?.environment;
  const items = environments.map(({ name, isDefault }) => ({
    label: name,
    description: [...(name === current ? ["in use"] : []), ...(isDefault ? ["default"] : [])].join(" · "),
  }));
  const chosen = await pickOne(items, {
    title: "Select Environment",
    placeHolder: "Use the sandboxes, volumes and secrets of which environment?",
  });
  if (chosen) await updateSetting("environment", chosen.label);
}

const setBackend = async (backend: "modal" | "local"): Promise<void> => {
  if (usesLocalBackend() !== (backend === "local")) await updateSetting("backend", backend);
};

async function askToken(what: string, prefix: string): Promise<string | undefined> {
  const entered = await askForText({
    title: "Sign In to Modal",
    prompt: `${what}, as shown on modal.com/settings/tokens`,
    placeHolder: `${prefix}…`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim().startsWith(prefix) && !/\s/.test(value.trim()) ? undefined : `It starts with ${prefix}`,
  });
  return entered?.trim();
}

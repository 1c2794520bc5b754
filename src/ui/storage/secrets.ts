import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ThemeIcon, window, workspace } from "vscode";
import { UserError } from "../../base/errors";
import { plural } from "../../base/format";
import type { SecretGateway } from "../../modal/secrets";
import type { StoredObject } from "../../modal/storageRpc";
import { ENV_NAME, readDotEnv } from "../../sandboxes/spec/dotEnv";
import { askForText, askInDialog, pickOne } from "../outsideText";
import { withViewProgress } from "../progress";
import type { CommandTable } from "../commands/register";
import { askNewName, deleteStored, type StoredKind } from "./storedObjects";

type Values = Readonly<Record<string, string>>;

const kindOf = (secrets: SecretGateway): StoredKind => ({
  noun: "secret",
  title: "Secret",
  viewId: "modalSandboxes.secrets",
  store: secrets,
  prompt: "The name of the secret. Sandboxes that use it get its values as environment variables.",
  example: "hugging-face",
  loss: "nothing that uses it can be started from now on.",
});

export function secretCommands(secrets: SecretGateway): CommandTable {
  return {
    "modalSandboxes.createSecret": () => createSecret(secrets),

    "modalSandboxes.deleteSecret": (clicked?: StoredObject, selected?: readonly StoredObject[]) =>
      deleteStored(kindOf(secrets), clicked, selected),
  };
}

/**
 * Asks for a name and for variables with values, and creates the secret. Returns the name, or `undefined` if the user
 * dismissed it.
 */
export async function createSecret(secrets: SecretGateway): Promise<string | undefined> {
  const kind = kindOf(secrets);
  const name = await askNewName(kind);
  const values = name === undefined ? undefined : await askValues(name);
  if (name === undefined || !values) return undefined;
  await withViewProgress(kind.viewId, (signal) => secrets.create(name, values, signal));
  return name;
}

async function askValues(name: string): Promise<Values | undefined> {
  const source = await pickOne(
    [
      {
        iconPath: new ThemeIcon("key"),
        label: "Type the values",
        description: "they are not shown or stored here",
        isFile: false,
      },
      {
        iconPath: new ThemeIcon("file"),
        label: "From a .env file…",
        description: "you see the names before the values are sent",
        isFile: true,
      },
    ],
    { title: `Create Secret: ${name}`, placeHolder: "Where do its values come from?" },
  );
  if (!source) return undefined;
  return source.isFile ? valuesOfFile(name) : typedValues(name);
}

/** Asks for one variable after another, until the name is empty. */
async function typedValues(secret: string): Promise<Values | undefined> {
  const values: Record<string, string> = {};
  for (;;) {
    const count = Object.keys(values).length;
    const title = `Create Secret: ${secret}`;
    const name = await askForText({
      title,
      prompt:
        count === 0
          ? "The name of a variable"
          : `${plural(count, "variable")} so far. Enter another name, or press Enter to finish`,
      placeHolder: "HF_TOKEN",
      ignoreFocusOut: true,
      validateInput: (text) =>
        ENV_NAME.test(text) || (text === "" && count > 0) ? undefined : "Enter a name such as HF_TOKEN",
    });
    if (name === undefined) return undefined;
    if (name === "") return values;
    const value = await askForText({
      title,
      prompt: `The value of ${name}`,
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) return undefined;
    values[name] = value;
  }
}

async function valuesOfFile(secret: string): Promise<Values | undefined> {
  const [folder] = workspace.workspaceFolders ?? [];
  const [file] =
    (await window.showOpenDialog({ ...(folder && { defaultUri: folder.uri }), openLabel: "Read Values" })) ?? [];
  if (!file) return undefined;
  const values = readDotEnv(await readFile(file.fsPath, "utf8"));
  const names = Object.keys(values);
  if (names.length === 0) throw new UserError(`${basename(file.fsPath)} has no lines of the form NAME=value.`);
  const answer = await askInDialog(
    `Send ${plural(names.length, "value")} from ${basename(file.fsPath)} to Modal as the secret ${secret}?`,
    names.join(", "),
    "Create Secret",
  );
  return answer === "Create Secret" ? values : undefined;
}

/** The part of package.json that the README's table of settings is made from. */
export interface SettingsGroup {
  readonly title: string;
  readonly properties: Readonly<Record<string, { readonly default?: unknown; readonly markdownDescription?: string }>>;
}

const PREFIX = "modalSandboxes.";

/** Returns the README's settings as Markdown: a table for each group, with the first sentence of each description. */
export const settingsTables = (groups: readonly SettingsGroup[]): string => groups.map(table).join("\n\n");

function table({ title, properties }: SettingsGroup): string {
  const rows = Object.entries(properties).map(
    ([id, { default: value, markdownDescription = "" }]) =>
      `| \`${id.slice(PREFIX.length)}\` | \`${JSON.stringify(value)}\` | ${firstSentence(markdownDescription)} |`,
  );
  return [`| ${title} | Default | |`, "|---|---|---|", ...rows].join("\n");
}

/** A period ends a sentence if a space or the end follows it. */
const firstSentence = (text: string): string => (/^.*?\.(?=\s|$)/.exec(text)?.[0] ?? text).replaceAll("|", "\\|");

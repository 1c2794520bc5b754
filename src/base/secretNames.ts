/** True for a file or folder that holds secrets by convention, in any spelling that file systems treat as the same. */
export function isSecretName(name: string): boolean {
  const folded = name.normalize("NFKC").toLowerCase();
  return SECRETS.has(folded) || isDotEnv(folded) || isKeyFile(folded);
}

const SECRETS: ReadonlySet<string> = new Set([
  ".modal.toml",
  ".netrc",
  ".pypirc",
  ".git-credentials",
  ".ssh",
  ".gnupg",
  ".aws",
  ".azure",
  ".kube",
  ".boto",
  ".s3cfg",
  ".dockercfg",
  "access_tokens.db",
  "credentials.db",
  "application_default_credentials.json",
  "kaggle.json",
  "id_rsa",
  "id_dsa",
  "id_ecdsa",
  "id_ecdsa_sk",
  "id_ed25519",
  "id_ed25519_sk",
]);

/** Matches `.env` and its variants, except the examples that projects publish. */
const isDotEnv = (name: string): boolean => name.startsWith(".env") && !/\.(example|sample|template|dist)$/.test(name);

const isKeyFile = (name: string): boolean =>
  /\.(pem|key|ppk|p12|pfx|jks|keystore)$/.test(name) || /^client_secret.*\.json$/.test(name);

/** Removes secrets that have a known form: tokens of well-known services, and passwords in URLs and headers. */
export const redact = (text: string): string =>
  FORMS.reduce((left, [form, shown]) => left.replaceAll(form, shown), text);

/** Each match is replaced by the kind of secret it is. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?(?:-----END [A-Z ]*-----|$)/g, "-----BEGIN $1-----…"],
  [/(\/\/[^\s:/@]*):[^\s/@]+@/g, "$1:…@"],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*:\s*)[^\r\n'"]+/gi, "$1$2…"],
  [/\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi, "$1$2…"],
  // Modal's user and proxy tokens.
  [/\b(a[ks])-(?=[\w-]*[\dA-Z])[\w-]+/g, "$1-…"],
  [/\b(w[ks])-\w{16,}/g, "$1-…"],
  [/\b(hf_|gh[opsur]_|github_pat_|glpat-|npm_|pypi-|r8_|gsk_|xai-|xox[a-z]-|dop_v1_|ya29\.|AIza)[\w-]{16,}/g, "$1…"],
  [/\b([rs]k_(?:live|test)_)\w{10,}/g, "$1…"],
  [/\b(sk-)(?=[\w-]*\d)[\w-]{16,}/g, "$1…"],
  [/\b(AKIA|ASIA)[A-Z\d]{16}\b/g, "$1…"],
  [/\b(SG\.)[\w-]{16,}\.[\w-]{16,}/g, "$1…"],
  // JSON Web Tokens: a JSON header in base64, then more parts.
  [/\b(eyJ)[\w-]{8,}(?:\.[\w-]*)+/g, "$1…"],
];

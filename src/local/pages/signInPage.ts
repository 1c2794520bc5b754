import { text } from "node:stream/consumers";
import { isOwnPeer } from "../isolation/network/tcpSockets";
import type { TokenFlow, TokenFlows } from "../account/tokenFlows";
import type { PageHandler } from "./pageServer";
import type { SignInKey } from "./signInKey";

const MAX_FORM_BYTES = 4096;

/**
 * The page on which this user approves a sign-in. Any user of the machine, and sandboxes that share its network, can
 * open it. Only a program of this user outside all sandboxes gets the nonce that the button sends; others need the key.
 */
export const signInPage =
  (flows: TokenFlows, key: SignInKey): PageHandler =>
  async (request, response, [id = ""]) => {
    const send = (status: number, content: string) => response.writeHead(status, HEADERS).end(page(content));
    const flow = flows.find(id);
    if (!flow) {
      send(404, message("This sign-in has ended", "Start it again in your editor."));
      return;
    }
    switch (request.method) {
      case "GET":
        send(200, flow.approved.value ? DONE : question(flow, isOwnPeer(request.socket) ? undefined : key));
        return;
      case "POST": {
        if (Number(request.headers["content-length"] ?? Infinity) > MAX_FORM_BYTES) {
          response.writeHead(413).end();
          return;
        }
        const form = new URLSearchParams(await text(request));
        const isOwner = isOwnPeer(request.socket) && form.get("nonce") === flow.nonce;
        if (!isOwner && !key.matches(form.get("key"))) {
          send(403, message("Not approved", "Open the page again and approve it there."));
          return;
        }
        flow.approved.set(true);
        send(200, DONE);
        return;
      }
      default:
        response.writeHead(405).end();
    }
  };

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
};

const message = (title: string, detail: string): string => `<h1>${title}</h1><p>${detail}</p>`;

const DONE = message("You are signed in", "You can close this page and go back to your editor.");

/** With `key`, the form also asks for the key. */
const question = ({ code, nonce }: TokenFlow, key: SignInKey | undefined): string => `
${message("Sign in to the local backend", "A program on this computer wants a token for the local backend, which stands in for Modal. Nothing leaves this computer, and nothing is billed.")}
<p class="code" aria-label="Sign-in code">${code}</p>
<form method="post">${key ? askFor(key) : `<input type="hidden" name="nonce" value="${nonce}">`}<button${key ? "" : " autofocus"}>Approve</button></form>`;

const askFor = ({ path }: SignInKey): string => `
<p>This page cannot tell whose browser shows it. Paste the content of this file, which only you can read:</p>
<p><code>${escapeHtml(path)}</code></p>
<input name="key" type="password" aria-label="Content of the key file" autocomplete="off" required autofocus>`;

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (content: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Local backend · Sign in</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { display: grid; min-height: 100vh; margin: 0; place-items: center; background: light-dark(#f3f6f4, #0b1712); }
  main { width: min(26rem, 100vw - 4rem); padding: 2.5rem; border-radius: 1rem; text-align: center;
         background: light-dark(#fff, #12241c); color: light-dark(#12241c, #e8f3ed);
         box-shadow: 0 1px 3px #0003, 0 12px 40px #0002; }
  h1 { margin: 0 0 .75rem; font-size: 1.4rem; font-weight: 600; }
  p { margin: 0 0 1.5rem; color: light-dark(#4a5b52, #a9c0b4); }
  .code { font: 600 1.6rem/1 ui-monospace, monospace; letter-spacing: .3em; color: inherit; }
  code { overflow-wrap: anywhere; }
  input { box-sizing: border-box; width: 100%; margin: 0 0 1rem; padding: .75rem; border: 1px solid #8886;
          border-radius: .6rem; font: inherit; }
  button { width: 100%; padding: .75rem; border: 0; border-radius: .6rem; font: inherit; font-weight: 600;
           color: #08140e; background: #7fee64; cursor: pointer; }
  button:hover { background: #97f480; }
  button:focus-visible { outline: 3px solid light-dark(#2a7a18, #fff); outline-offset: 2px; }
</style>
<main>${content}</main>
</html>
`;

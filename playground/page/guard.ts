import type { IncomingMessage } from 'node:http';

/** Nothing is loaded from elsewhere, nobody may frame it, and what is told stays on this machine. */
export const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dimg playground</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<div id="page"></div>
<noscript>This page is drawn by its script.</noscript>
<script type="module" src="page.js"></script>
</html>
`;

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Why a request is refused, or undefined. Other web pages in the same browser must neither read what is
 * here (a name that leads to 127.0.0.1 has another Host) nor press anything.
 */
export function isForeign({ method, headers }: IncomingMessage): string | undefined {
  if (!LOOPBACK.test(headers.host ?? '')) return 'This page answers on loopback addresses only.';
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`) return 'This came from another page.';
  if (method !== 'GET' && !/^application\/json\b/.test(headers['content-type'] ?? ''))
    return 'Only JSON is taken.';
  return undefined;
}

import { expect, test } from 'vitest';
import { pullWords } from '../../../agents/host/engine-pull.ts';

// As engines of all kinds have said them.
test.each([
  ['manifest for app@sha256:1 not found: manifest unknown: manifest unknown', /no longer has it/],
  ['failed to resolve reference "h:5000/app@sha256:1": h:5000/app@sha256:1: not found', /no longer has it/],
  ['Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', /can’t be reached/],
  ['Get "https://h/v2/": dial tcp: lookup h: no such host', /can’t be reached/],
  ['Get "https://h/v2/": x509: certificate signed by unknown authority', /can’t be reached/],
  ['Get "https://h/v2/": net/http: TLS handshake timeout', /can’t be reached/],
  ['Head "https://h/v2/app/manifests/1": unauthorized: authentication required', /other credentials/],
  ['pull access denied for app, repository does not exist or may require docker login', /other credentials/],
  ['Get "https://h/v2/app/manifests/1": no basic auth credentials', /other credentials/],
  ['write /data/tmp/GetImageBlob1: no space left on device', /disk is full/],
  ['something else at https://blobs.example.com/?X-Amz-Signature=abc', /its own log/],
])('%s', (error, words) => {
  expect(pullWords(error)).toMatch(words);
  // No address, and so no signature, gets through.
  expect(pullWords(error)).not.toMatch(/https?:|sha256|127\.0/);
});

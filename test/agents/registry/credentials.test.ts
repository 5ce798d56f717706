import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { askProgram } from '../../../agents/registry/credential-program.ts';
import { openCredentials } from '../../../agents/registry/credentials.ts';

const dir = mkdtempSync(join(tmpdir(), 'dimg-credentials-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const AT = new URL('https://r.example.com:5000');
const password = (username: string, word: string) => ({ kind: 'password', username, password: word });

describe('of files', () => {
  test('a password has a file, or a name and a password have one line', async () => {
    const passwordFile = file('password', 'ge:heim \r\n');
    expect(await openCredentials({ username: 'ana', passwordFile }, AT)(false)).toEqual(
      password('ana', 'ge:heim '),
    );
    const credentialsFile = file('line', 'ana:ge:heim\n');
    expect(await openCredentials({ credentialsFile }, AT)(false)).toEqual(password('ana', 'ge:heim'));
    expect(await openCredentials(null, AT)(false)).toBeNull();
  });

  test.each([
    ['', /must hold one line/],
    ['ana:geheim\nmore', /must hold one line/],
    ['geheim', /must hold one line with the user, a colon and the password/],
    [':geheim', /must hold one line with the user/],
  ])('%j is refused without its content', async (text, words) => {
    const read = openCredentials({ credentialsFile: file('bad', text) }, AT)(false);
    await expect(read).rejects.toThrow(words);
    await expect(read).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringContaining(dir) });
    await expect(read).rejects.not.toThrow(/geheim/);
  });

  test('they are read again after a while, and at once where they were refused', async () => {
    let now = 0;
    const passwordFile = file('rotated', 'one');
    const read = openCredentials({ username: 'ana', passwordFile }, AT, () => now);
    expect(await read(false)).toEqual(password('ana', 'one'));
    file('rotated', 'two');
    expect(await read(false)).toEqual(password('ana', 'one'));
    expect(await read(true)).toEqual(password('ana', 'two'));
    file('rotated', 'three');
    now = 10_001;
    expect(await read(false)).toEqual(password('ana', 'three'));
    rmSync(passwordFile);
    await expect(read(true)).rejects.toThrow(/can't be read from .* \(ENOENT\)/);
    file('rotated', 'four');
    expect(await read(false)).toEqual(password('ana', 'four'));
  });
});

describe('of Docker’s configuration', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const from = (config: object | string, at = AT) => {
    const dockerConfig = mkdtempSync(join(dir, 'docker-'));
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(join(dockerConfig, 'config.json'), text);
    return openCredentials({ dockerConfig }, at)(false);
  };
  /** A program that writes down what it was asked. */
  const program = (name: string, script: string) => {
    const path = file(
      `docker-credential-${name}`,
      `#!/bin/sh\necho "$1 $(cat)" >> ${dir}/asked\n${script}\n`,
    );
    chmodSync(path, 0o755);
  };
  const given = (username: string, secret: string) =>
    `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;
  const asked = () => readFileSync(join(dir, 'asked'), 'utf8');
  beforeEach(() => {
    file('asked', '');
    vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each<[string, object]>([
    ['by its host', { 'r.example.com:5000': { auth: base64('ana:ge:heim') } }],
    ['with https', { 'https://r.example.com:5000': { auth: base64('ana:ge:heim') } }],
    ['as old Docker wrote it', { 'https://r.example.com:5000/v1/': { auth: base64('ana:ge:heim') } }],
  ])('a registry stands there %s', async (_, auths) => {
    expect(await from({ auths })).toEqual(password('ana', 'ge:heim'));
    expect(await from({ auths }, new URL('https://r.example.com'))).toBeNull();
  });

  test('Docker Hub has a name of its own there', async () => {
    const auths = { 'https://index.docker.io/v1/': { auth: base64('hub:pw') } };
    expect(await from({ auths }, new URL('https://registry-1.docker.io'))).toEqual(password('hub', 'pw'));
    expect(await from({ auths })).toBeNull();
  });

  test('an identity token comes before the password', async () => {
    const auths = { 'r.example.com:5000': { auth: base64('ana:'), identitytoken: 'long' } };
    expect(await from({ auths })).toEqual({ kind: 'identity', token: 'long' });
  });

  test('none, or an entry without anything, is nobody', async () => {
    expect(await openCredentials({ dockerConfig: join(dir, 'none') }, AT)(false)).toBeNull();
    expect(await from({ auths: { 'r.example.com:5000': {} } })).toBeNull();
  });

  test('what can’t be read is told without its content', async () => {
    for (const text of ['geheim', '{"auths":{"x":{"auth":["geheim"]}}}']) {
      await expect(from(text)).rejects.toThrow(/config\.json can't be read as Docker's configuration/);
      await expect(from(text)).rejects.not.toThrow(/geheim/);
    }
  });

  test('a program of the registry’s own is asked, then the one for all, then the file', async () => {
    program('own', given('own', 'pw-own'));
    program('all', given('<token>', 'pw-all'));
    program('none', 'echo "credentials not found in native keychain"; exit 1');
    const auths = { 'r.example.com:5000': { auth: base64('ana:pw') } };
    const credHelpers = { 'r.example.com:5000': 'own' };
    expect(await from({ auths, credHelpers, credsStore: 'all' })).toEqual(password('own', 'pw-own'));
    expect(await from({ auths, credsStore: 'all' })).toEqual({ kind: 'identity', token: 'pw-all' });
    expect(await from({ auths, credsStore: 'none' })).toEqual(password('ana', 'pw'));
    expect(asked()).toBe('get r.example.com:5000\n'.repeat(3));
    expect(await from({ credsStore: 'all', auths }, new URL('https://registry-1.docker.io'))).toEqual({
      kind: 'identity',
      token: 'pw-all',
    });
    expect(asked()).toContain('get https://index.docker.io/v1/\n');
  });

  test.each([
    ['fails', 'echo geheim; echo geheim >&2; exit 3', /docker-credential-bad failed for r\.example\.com/],
    ['says nothing', 'exit 0', /gave no name and password/],
    ['says something else', 'echo geheim', /gave no name and password/],
  ])('a program that %s is told of without its words', async (_, script, words) => {
    program('bad', script);
    await expect(from({ credsStore: 'bad' })).rejects.toThrow(words);
    await expect(from({ credsStore: 'bad' })).rejects.not.toThrow(/geheim/);
  });

  test('a program that is not there, or has a path for a name, is refused', async () => {
    await expect(from({ credsStore: 'absent' })).rejects.toThrow(/docker-credential-absent can't be started/);
    await expect(from({ credsStore: '../../bin/x' })).rejects.toThrow(
      /names a credential program that is none/,
    );
  });

  test('a program that hangs is ended', async () => {
    program('hangs', 'exec sleep 60');
    const start = performance.now();
    await expect(askProgram('hangs', 'r', 300)).rejects.toThrow(/gave no answer within 300 ms for r/);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('a program that does not read what it is asked is heard all the same', async () => {
    const path = file('docker-credential-deaf', `#!/bin/sh\nexec <&-\n${given('ana', 'pw')}\n`);
    chmodSync(path, 0o755);
    expect(await askProgram('deaf', 'r'.repeat(300_000))).toEqual(password('ana', 'pw'));
  });
});

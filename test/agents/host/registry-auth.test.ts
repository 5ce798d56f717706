import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registryAuth } from '../../../agents/host/registry-auth.ts';
import { temporaryFolder } from './_folder.ts';

const folder = (text: string) => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'config.json'), text);
  return dir;
};
const base64 = (text: string) => Buffer.from(text).toString('base64');
const auths = {
  'r.example.com:5000': { auth: base64('ana:ge:heim') },
  'https://old.example.com': { auth: base64('old:pw') },
  'https://index.docker.io/v1/': { auth: base64('hub:pw') },
  'token.example.com': { identitytoken: 't' },
  'empty.example.com': {},
};

test.each([
  [
    'r.example.com:5000/team/app',
    { username: 'ana', password: 'ge:heim', serveraddress: 'r.example.com:5000' },
  ],
  ['old.example.com/app', { username: 'old', password: 'pw', serveraddress: 'old.example.com' }],
  ['team/app', { username: 'hub', password: 'pw', serveraddress: 'https://index.docker.io/v1/' }],
  ['app', { username: 'hub', password: 'pw', serveraddress: 'https://index.docker.io/v1/' }],
  ['token.example.com/app', { identitytoken: 't', serveraddress: 'token.example.com' }],
  ['other.example.com/app', null],
])('%s', (repository, expected) => {
  const text = registryAuth(folder(JSON.stringify({ auths, credsStore: 'x' })))(repository);
  expect(text === null ? null : JSON.parse(Buffer.from(text, 'base64url').toString())).toEqual(expected);
});

test('a folder without a configuration holds nothing', () => {
  expect(registryAuth(temporaryFolder())('app')).toBeNull();
});

test('a broken configuration is told of without its content', () => {
  const read = () => registryAuth(folder('geheim'));
  expect(read).toThrow(/^DOCKER_CONFIG: /);
  expect(read).not.toThrow(/geheim/);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runAgent } from '../../../agents/host/main.ts';
import { temporaryFolder } from './_folder.ts';

const dir = temporaryFolder();
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('an agent whose configuration is bad', () => {
  test.each([
    ['DIMG_HOST', { DIMG_HOST: 'no good' }],
    ['REDIS_URL', { REDIS_URL: 'http://user:geheim@host' }],
    ['REDIS_URL_FILE', { REDIS_URL_FILE: '/nowhere/redis' }],
    ['REDIS_URL_FILE', { REDIS_URL_FILE: file('redis', 'geheim') }],
    ['DOCKER_HOST', { DOCKER_HOST: 'ssh://root@host' }],
    ['DOCKER_HOST', { DOCKER_HOST: 'unix://docker.sock' }],
    ['DOCKER_HOST', { DOCKER_HOST: 'http://geheim@host' }],
    ['DOCKER_CERT_PATH', { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }],
    ['DIMG_AGENT_CONFIG', { DIMG_AGENT_CONFIG: '/nowhere/agent.yaml' }],
    ['DIMG_AGENT_CONFIG', { DIMG_AGENT_CONFIG: file('agent.yaml', 'x: 1') }],
    ['DIMG_STATE_DIR', { DIMG_STATE_DIR: '/dev/null/state' }],
    ['DIMG_STATE_DIR', { DIMG_STATE_DIR: file('file', '') }],
    ['DIMG_TRUSTED_KEYS', { DIMG_TRUSTED_KEYS: file('keys', '') }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ])('says so in one line that names %s, and ends with 2', async (name, env) => {
    const said: string[] = [];
    const code = await runAgent(
      { DIMG_HOST: 'host-1', DIMG_STATE_DIR: temporaryFolder(), ...env },
      { err: (text) => void said.push(text), out: () => {} },
    );
    expect(code).toBe(2);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(new RegExp(`^${name}: .*\n$`));
    expect(said[0]).not.toContain('geheim');
  });
});

test('an agent without Redis can be stopped, ends with 0, and keeps the password to itself', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const code = runAgent(
    {
      DIMG_HOST: 'host-1',
      DIMG_STATE_DIR: temporaryFolder(),
      REDIS_URL: 'redis://user:geheim@127.0.0.1:1',
      DOCKER_HOST: `unix://${dir}/none.sock`,
    },
    {
      signals: { stop: stop.signal, hurry: new AbortController().signal },
      out: (text) => void lines.push(text),
    },
  );
  await expect.poll(() => lines.join(), { timeout: 5000 }).toContain('a heartbeat was not sent');
  stop.abort();
  expect(await code).toBe(0);
  expect(lines.join()).not.toContain('geheim');
  expect(lines.filter((line) => line.includes('whoever can write to this Redis'))).toHaveLength(1);
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
});

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
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

test('an agent ends though its engine does not answer what an event makes it ask', async () => {
  const asked: string[] = [];
  let open = 0;
  const engine = createServer((request, response) => {
    const { url = '' } = request;
    if (url.endsWith('/version?') || url.endsWith('/version'))
      response.end(JSON.stringify({ Version: '28.5.0', ApiVersion: '1.51' }));
    else if (url.includes('/events')) {
      const event = { Type: 'container', Action: 'create', time: 1e9, Actor: { ID: 'a'.repeat(64) } };
      response.write(JSON.stringify(event));
      response.write('\n');
    } else if (url.includes('/containers/')) {
      asked.push(url);
      open++;
      response.on('close', () => open--);
    } else response.writeHead(500).end('{"message":"no"}');
  });
  const socket = join(dir, 'mute.sock');
  await new Promise<void>((resolve) => engine.listen(socket, resolve));
  const stop = new AbortController();
  const code = runAgent(
    {
      DIMG_HOST: 'host-1',
      DIMG_STATE_DIR: temporaryFolder(),
      REDIS_URL: 'redis://127.0.0.1:1',
      DOCKER_HOST: `unix://${socket}`,
    },
    { signals: { stop: stop.signal, hurry: new AbortController().signal }, out: () => {} },
  );
  await expect.poll(() => asked.length, { timeout: 5000 }).toBe(1);
  stop.abort();
  expect(await code).toBe(0);
  expect([asked.length, open]).toEqual([1, 1]);
  engine.closeAllConnections();
  engine.close();
});

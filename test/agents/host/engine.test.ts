import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openEngine } from '../../../agents/host/engine.ts';
import { engineAddress } from '../../../agents/host/engine-address.ts';
import { temporaryFolder } from './_folder.ts';

const ID = `sha256:${'a'.repeat(64)}` as never;
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An engine that answers as told, and what it was asked. */
async function fake(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  version: { ApiVersion: string; MinAPIVersion?: string } = { ApiVersion: '1.41' },
  limitMs = 1000,
) {
  const asked: string[] = [];
  const said = { ...version };
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith('/version')) response.end(JSON.stringify({ Version: '20.10', ...said }));
    else answer(request, response);
  });
  const socket = join(temporaryFolder(), 'sock');
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  const address = engineAddress({ host: `unix://${socket}`, tlsVerify: undefined, certPath: undefined });
  return {
    asked,
    said,
    socket,
    engine: openEngine({ address, callLimitMs: limitMs, removeLimitMs: 1.5 * limitMs }),
  };
}

test.each([
  '../containers/x?force=1',
  'app:a?force=true&z=',
  'app:1/../../containers',
  '',
  'app',
  'sha256:abc',
  'app:1#x',
  'app:1 x',
  'app%2f:1',
])('%j never reaches a URL', async (name) => {
  const { engine, asked } = await fake((_, response) => response.end('[]'));
  expect(await engine.remove(name, { force: false })).toMatchObject({ kind: 'trouble', begun: false });
  await expect(engine.inspect(name)).rejects.toThrow();
  expect(await engine.distribution(name, 100)).toBe(false);
  expect(asked.filter((line) => !line.includes('/version'))).toEqual([]);
});

test('deletions never cascade, and force is sent only when asked', async () => {
  const { engine, asked } = await fake((_, response) => response.end('[]'));
  await engine.remove(ID, { force: false });
  await engine.remove('team/app:1', { force: true });
  expect(asked.slice(1)).toEqual([
    `DELETE /v1.41/images/${ID}?noprune=1`,
    'DELETE /v1.41/images/team/app:1?noprune=1&force=1',
  ]);
});

test.each([
  ['1.41', '1.41'],
  ['1.51', '1.51'],
  ['1.56', '1.51'],
])('an engine of API %s is spoken to in %s', async (ApiVersion, expected) => {
  const { engine, asked } = await fake((_, response) => response.end('[]'), { ApiVersion });
  await engine.containers();
  expect(asked[1]).toMatch(new RegExp(`^GET /v${expected}/containers/json`));
});

test.each([[{ ApiVersion: '1.40' }], [{ ApiVersion: '1.60', MinAPIVersion: '1.52' }]])(
  'an engine of %j is out of range',
  async (version) => {
    const { engine } = await fake((_, response) => response.end('[]'), version);
    await expect(engine.containers()).rejects.toMatchObject({ problem: { kind: 'engine' } });
  },
);

test('an engine that comes back as another version is spoken to in its own', async () => {
  let old = true;
  const { engine, asked, said } = await fake(
    (_, response) => {
      if (old) response.statusCode = 400;
      response.end(old ? '{"message":"client version 1.51 is too new"}' : '[]');
    },
    { ApiVersion: '1.51' },
  );
  await expect(engine.containers()).rejects.toThrow('too new');
  old = false;
  said.ApiVersion = '1.45';
  await engine.containers();
  expect(asked.at(-1)).toContain('/v1.45/');
});

test('a body that breaks off settles as no answer', async () => {
  const { engine } = await fake((_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('[{');
    setTimeout(() => response.destroy(), 20);
  });
  await expect(engine.containers()).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
  expect(await engine.remove(ID, { force: false })).toEqual({
    kind: 'trouble',
    problem: { kind: 'no-answer' },
    ...{ begun: true, cut: true },
  });
});

test('an engine that says nothing settles as no answer', async () => {
  const { engine } = await fake(() => {});
  await expect(engine.inspect(ID)).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
});

test('no engine at all is unreachable, with its address', async () => {
  const address = engineAddress({
    host: 'unix:///nowhere/docker.sock',
    tlsVerify: undefined,
    certPath: undefined,
  });
  const engine = openEngine({ address });
  const problem = { kind: 'unreachable', at: 'unix:///nowhere/docker.sock' };
  await expect(engine.info()).rejects.toMatchObject({ problem });
  expect(await engine.remove(ID, { force: false })).toEqual({ kind: 'trouble', problem, begun: false });
});

test('answers of the engine are told apart', async () => {
  let status = 200;
  const { engine } = await fake((_, response) => {
    response.statusCode = status;
    response.end('{"message":"words\\n"}');
  });
  status = 404;
  expect(await engine.remove(ID, { force: false })).toEqual({ kind: 'absent' });
  expect(await engine.inspect(ID)).toBeNull();
  status = 409;
  expect(await engine.remove(ID, { force: false })).toEqual({ kind: 'conflict', message: 'words' });
  status = 500;
  expect(await engine.remove(ID, { force: false })).toEqual({
    kind: 'trouble',
    problem: { kind: 'engine', message: 'words' },
    begun: true,
  });
});

test('names of nothing are left out, and image mounts are read', async () => {
  const images = [
    {
      Id: ID,
      ParentId: '',
      RepoTags: ['<none>:<none>'],
      RepoDigests: ['<none>@sha256:1'],
      Created: 1,
      Size: 2,
      Labels: null,
    },
  ];
  const containers = [
    {
      Id: 'c'.repeat(64),
      Names: ['/web/db', '/db'],
      ImageID: 'app:1',
      State: 'thinking',
      Mounts: [
        { Type: 'image', Source: 'data:1' },
        { Type: 'bind', Source: '/x' },
      ],
    },
  ];
  const { engine } = await fake((request, response) =>
    response.end(JSON.stringify(request.url?.includes('/images/') ? images : containers)),
  );
  expect(await engine.list()).toEqual({
    images: [{ id: ID, tags: [], digests: [], parent: null, createdAt: 1000, size: 2, labels: {} }],
    containers: [
      { id: 'c'.repeat(64), name: 'db', imageId: null, state: 'running', labels: {}, mounts: ['data:1'] },
    ],
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'a socket that may not be opened is a matter of permission, not of absence',
  async () => {
    const { engine, socket } = await fake((_, response) => response.end('[]'));
    chmodSync(socket, 0o600);
    process.seteuid?.(65_534);
    try {
      await expect(engine.info()).rejects.toMatchObject({
        problem: { kind: 'permission', at: `unix://${socket}` },
      });
    } finally {
      process.seteuid?.(0);
    }
  },
);

test('an answer that is cut off in its middle is no answer, and nobody waits for the rest', async () => {
  const { engine } = await fake(
    (_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('[{');
      setTimeout(() => response.destroy(), 20);
    },
    { ApiVersion: '1.41' },
    60_000,
  );
  expect(await engine.remove(ID, { force: false })).toEqual({
    ...{ kind: 'trouble', begun: true, cut: true, problem: { kind: 'no-answer' } },
  });
  await expect(engine.inspect(ID)).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
  await expect(engine.list()).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
});

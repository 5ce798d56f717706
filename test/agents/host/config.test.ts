import { describe, expect, test } from 'vitest';
import { parseConfig as parse } from '../../../agents/host/config.ts';
import { ConfigError } from '../../../agents/host/config-error.ts';
import { prefixesOf } from '../../../agents/registry/config.ts';
import { HostName } from '../../../src/domain/ids.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';

const parseConfig = (file: string, text: string) => parse(file, text, '/home/ana/.docker');

describe('the agent’s configuration', () => {
  test.each([
    ['', 'an empty file'],
    ['# only a comment\n', 'a comment'],
    ['{}', 'an empty map'],
  ])('has its defaults with %j', (text) =>
    expect(parseConfig('a.yaml', text)).toEqual({ rules: DEFAULT_RULES, hasEngine: true, registries: [] }),
  );

  test('is read whole', () => {
    const text =
      'protect: ["base/*", app, label=keep, "label=team=web"]\nmin-age: 1h30m\nallow: { force: false, stopped-containers: false }\nlimits: { per-hour: { images: 100, bytes: 50GB } }\n';
    expect(parseConfig('a.yaml', text).rules).toEqual({
      protect: ['base/*', 'app', 'label=keep', 'label=team=web'],
      minAge: 5_400_000,
      allow: { force: false, stoppedContainers: false, buildCache: true },
      perHour: { images: 100, bytes: 50e9 },
    });
  });

  test('may switch the least age off', () => {
    expect(parseConfig('a.yaml', 'min-age: 0s').rules).toMatchObject({ minAge: 0 });
  });

  test('may name registries, with credentials of their own or Docker’s, and may be without an engine', () => {
    const text = `engine: false
registries:
  - { name: main, url: "https://registry.example.com", repositories: ["team/*"] }
  - { name: old, url: "http://10.0.0.1:5000", repositories: [app], credentials: /run/secrets/old, ca: /etc/ca.pem, kind: harbor }
`;
    expect(parseConfig('a.yaml', text)).toMatchObject({
      hasEngine: false,
      registries: [
        {
          ...{ name: 'main', url: 'https://registry.example.com', repositories: ['team/*'] },
          ...{ credentials: { dockerConfig: '/home/ana/.docker' }, ca: undefined, collects: 'distribution' },
        },
        {
          ...{ name: 'old', repositories: ['app'], ca: '/etc/ca.pem', collects: 'harbor' },
          credentials: { credentialsFile: '/run/secrets/old' },
        },
      ],
    });
    expect(() => parseConfig('a.yaml', 'engine: false')).toThrow(
      'without an engine there must be registries',
    );
  });

  test.each([
    ['https://registry.example.com', ['main', 'registry.example.com', 'registry.example.com:443']],
    ['http://registry.example.com/', ['main', 'registry.example.com', 'registry.example.com:80']],
    ['https://10.0.0.1:5000', ['main', '10.0.0.1:5000']],
  ])('calls what is in a registry as Docker does, and by its name: %s', (url, prefixes) => {
    expect(prefixesOf({ name: HostName.parse('main'), url })).toEqual(prefixes);
  });

  test.each([
    ['registries: {}\n', '1:13', 'registries'],
    ['registries:\n  - { name: main, url: "https://r.example.com" }\n', '2:5', 'registries.0.repositories'],
    ['registries:\n  - { name: Main, url: "https://r", repositories: [a] }\n', '2:13', 'registries.0.name'],
    [
      'registries:\n  - { name: main, url: "https://u:p@r", repositories: [a] }\n',
      '2:24',
      'registries.0.url',
    ],
    ['registries:\n  - { name: main, url: ftp, repositories: [a] }\n', '2:24', 'registries.0.url'],
    [
      'registries:\n  - { name: main, url: "https://r", repositories: [] }\n',
      '2:51',
      'registries.0.repositories',
    ],
    [
      'registries:\n  - { name: a, url: "https://r", repositories: [a] }\n  - { name: a, url: "https://r", repositories: [a] }\n',
      '3:13',
      'registries.1.name is there twice',
    ],
    ['protect: []\nprotected: []\n', '2:1', 'protected'],
    ['min-age: 1h\nwatch: {high: 85%}\n', '2:1', 'watch'],
    ['limits: {}\n', '1:9', 'limits.per-hour'],
    ['limits: { per-day: {} }\n', '1:9', 'limits.per-hour'],
    ['limits: { per-hour: { bytes: 5 } }\n', '1:30', 'limits.per-hour.bytes'],
    ['limits: { per-hour: { images: -1 } }\n', '1:31', 'limits.per-hour.images'],
    ['protect: ["team=web"]\n', '1:11', 'protect.0'],
    ['labels: {a: b}\n', '1:1', 'labels'],
    ['allow:\n  force: yes\n', '2:10', 'allow.force'],
    ['allow:\n  forced: true\n', '2:3', 'allow.forced'],
    ['allow: true\n', '1:8', 'allow'],
    ['min-age: 60\n', '1:10', 'min-age'],
    ['min-age: 5 minutes\n', '1:10', 'min-age'],
    ['protect: base\n', '1:10', 'protect'],
    ['protect:\n  - base\n  - 7\n', '3:5', 'protect.1'],
    ['protect:\n  - ""\n', '2:5', 'protect.0'],
    ['- a\n', '1:1', 'the file'],
    ['protect: [\n', '2:1', 'Flow'],
    ['min-age: 1h\nmin-age: 2h\n', '2:1', 'unique'],
  ])('%j is refused at %s', (text, at, name) => {
    const read = () => parseConfig('/etc/a.yaml', text);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`DIMG_AGENT_CONFIG: /etc/a.yaml:${at}: `);
    expect(read).toThrow(name);
  });
});

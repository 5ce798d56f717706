// The first command after a clone: `npm run try` and `npm test` come here before anything is installed.
// Hence plain JavaScript with Node's own modules; everything else starts from here.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ci = !['', '0', 'false'].includes(process.env.CI ?? '');
const isRoot = process.getuid?.() === 0;
const parent = process.ppid;
const vitestEntry = 'node_modules/vitest/vitest.mjs';

/** What a mode needs: `missing()` is a phrase that says why it can't be had, or undefined; it does without what is optional. */
const parts = {
  redis: {
    packages: ['redis-server'],
    missing: () =>
      process.env.DIMG_REDIS_SERVER || find('redis-server') || find('valkey-server')
        ? undefined
        : 'no redis-server',
  },
  engine: {
    packages: ['docker.io', ...(needsAppArmor() ? ['apparmor'] : [])],
    missing: () => {
      const absent = ['dockerd', 'containerd', 'runc'].find((name) => !find(name));
      if (process.platform !== 'linux') return 'Docker engines of our own need Linux';
      if (absent) return `no ${absent}`;
      return isRoot ? undefined : 'Docker engines of our own need root';
    },
  },
  busybox: {
    packages: ['busybox-static'],
    missing: () => (hasStaticBusybox() ? undefined : 'no static busybox'),
  },
  registry: {
    packages: ['docker-registry'],
    missing: () => (find('docker-registry') ? undefined : 'no docker-registry'),
  },
  skopeo: {
    packages: ['skopeo'],
    missing: () => (find('skopeo') ? undefined : 'no skopeo'),
  },
  faketime: {
    packages: ['libfaketime'],
    optional: true,
    missing: () => (hasFakeTime() ? undefined : 'no libfaketime'),
  },
  roots: {
    packages: ['debootstrap'],
    missing: () => (find('debootstrap') ? undefined : 'no debootstrap'),
  },
  browser: {
    packages: ['chromium'],
    missing: () => (['chromium', 'chromium-browser', 'google-chrome'].some(find) ? undefined : 'no chromium'),
  },
  python: {
    packages: ['python3'],
    missing: () => (find('python3') ? undefined : 'no python3'),
  },
};
const needed = {
  try: [parts.redis, parts.engine, parts.busybox, parts.registry],
  test: [
    ...[parts.redis, parts.engine, parts.busybox, parts.registry, parts.skopeo],
    ...[parts.browser, parts.python],
  ],
  matrix: [parts.redis, parts.engine, parts.busybox, parts.registry, parts.roots],
  skew: [parts.redis],
  chaos: [parts.redis, parts.engine, parts.busybox, parts.faketime],
  soak: [parts.redis, parts.engine, parts.busybox],
  simulate: [],
  'slack-faults': [parts.redis],
};

const [mode, ...args] = process.argv.slice(2);
if (!Object.hasOwn(needed, mode ?? '')) {
  console.error(
    'Usage: node playground/first.mjs try|test|matrix|skew|chaos|soak|simulate|slack-faults [arguments]',
  );
  process.exit(2);
}
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`This needs Node.js 20.19 or newer; here is ${process.versions.node}.`);
  process.exit(1);
}
process.exitCode = await {
  try: tryIt,
  test,
  matrix: () => byHand('test/matrix.ts'),
  skew: () => byHand('test/skew/run.ts'),
  chaos: () => byHand('test/chaos.ts'),
  soak: () => byHand('test/soak.ts'),
  simulate: () => byHand('test/simulate.ts'),
  'slack-faults': () => byHand('test/slack-faults.ts'),
}[mode]();

async function tryIt() {
  const code = (await installModules()) || (await installParts()) || (await build());
  if (code) return code;
  if (parts.redis.missing()) return 1;
  return run(process.execPath, ['--import', 'tsx', 'playground/try.ts', ...args]);
}

/** The long suites, which are run by hand. */
async function byHand(script) {
  const code = (await installModules()) || (await installParts()) || (await build());
  if (code || needed[mode].some((part) => !part.optional && part.missing())) return code || 1;
  return run(process.execPath, ['--import', 'tsx', script, ...args]);
}

async function test() {
  const folder = mkdtempSync(join(tmpdir(), 'dimg-test-'));
  const report = join(folder, 'vitest.json');
  const reporters = ci ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  const steps = [
    installModules,
    installParts,
    build,
    // What is missing was said above; a skipped test must not pass for a good one.
    () => (ci && needed.test.some((part) => part.missing()) ? 1 : 0),
    () => npm('run', 'check'),
    () => run(process.execPath, [vitestEntry, 'run', ...reporters, ...args]),
  ];
  let code = 0;
  for (const step of steps) {
    code = await step();
    if (code) break;
  }
  if (ci) console.log(summary(report, code));
  rmSync(folder, { recursive: true, force: true });
  return code;
}

/** A failure outside of any test (types, style, a file that doesn't load) counts as one. */
function summary(report, code) {
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const { numPassedTests: passed = 0, numFailedTests: failed = 0 } = result;
  return `${passed} passed, ${Math.max(failed, code ? 1 : 0)} failed`;
}

/** `npm ci`, unless what is installed comes from this very lock file. */
async function installModules() {
  const stamp = join(root, 'node_modules/.dimg-lock');
  const lock = join(root, 'package-lock.json');
  const hash = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const installed = join(root, 'node_modules/.package-lock.json');
  // Somebody's own `npm ci` leaves no stamp, but npm's copy of the lock file tells when it was.
  const fresh = existsSync(stamp)
    ? readFileSync(stamp, 'utf8') === hash
    : existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  const code = fresh ? 0 : await npm('ci');
  if (!code) writeFileSync(stamp, hash);
  return code;
}

/** Installs the Debian packages that are missing, or says what to install. Tests and `try` make do without. */
async function installParts() {
  const lacking = () => needed[mode].filter((part) => part.missing());
  // No package makes another system or another user of this one.
  const missingPackages = () =>
    lacking()
      .filter((part) => part.missing()?.startsWith('no '))
      .flatMap((part) => part.packages);
  const packages = missingPackages();
  if (packages.length > 0 && isRoot && isDebian()) {
    const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
    console.log(command);
    const removePolicy = keepServicesDown();
    try {
      // Another apt may hold the lock, a mirror may hiccup: once more, later, if it is still missing then.
      if (await apt(command)) {
        console.log('apt failed; once more in 15 seconds.');
        await sleep(15_000);
        if (lacking().length > 0) await apt(command);
      }
    } finally {
      removePolicy();
    }
  }
  const reasons = lacking().map((part) => part.missing());
  if (reasons.length > 0) {
    const install =
      process.platform === 'darwin' ? 'brew install redis' : `apt-get install ${missingPackages().join(' ')}`;
    const hint = missingPackages().length > 0 ? ` To get it: ${install}` : '';
    console.log(`Not everything is here: ${reasons.join('; ')}.${hint}`);
  }
  return 0;
}

function apt(command) {
  const options = '-o DPkg::Lock::Timeout=300 -o Acquire::Retries=2';
  return run('/bin/sh', ['-c', command.replaceAll('apt-get', `apt-get ${options}`)], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Packages start their services when installed, unless this file says no. A machine's own policy stays. */
function keepServicesDown() {
  const policy = '/usr/sbin/policy-rc.d';
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
  } catch {
    return () => {};
  }
  const remove = () => rmSync(policy, { force: true });
  process.once('exit', remove);
  return remove;
}

/** `npm run build`, unless `dist` was built from just these sources. */
async function build() {
  const stamp = join(root, 'dist/.built');
  const configs = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  const sources = ['src', 'agents'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true }).map((f) => join(folder, f))
      : [],
  );
  const state = [...configs, ...sources.sort()].map((file) => {
    const { mtimeMs, size } = statSync(join(root, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  const hash = createHash('sha256').update(state.join('\n')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return 0;
  const code = await npm('run', 'build');
  if (!code && existsSync(dirname(stamp))) writeFileSync(stamp, hash);
  return code;
}

function npm(...words) {
  const self = process.env.npm_execpath;
  return self ? run(process.execPath, [self, ...words]) : run('npm', words);
}

/** Runs a command in the foreground; signals are passed on to it. Resolves to its exit code. */
function run(command, words, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { cwd: root, stdio: 'inherit', ...options });
    let last = 0;
    const pass = (signal) => {
      // Ctrl-C reaches the child by the terminal already, and npm sends each signal a second time.
      if ((signal === 'SIGINT' && process.stdin.isTTY) || Date.now() - last < 500) return;
      last = Date.now();
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    // Somebody who ends npm ends a shell between npm and us; nobody tells us.
    const watch = setInterval(() => {
      if (process.env.npm_lifecycle_event && process.ppid !== parent) pass('SIGTERM');
    }, 500);
    const done = (code) => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, pass);
      resolve(code);
    };
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(127);
    });
    child.once('exit', (code, signal) => done(code ?? 128 + (os.signals[signal] ?? 0)));
  });
}

function find(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/bin',
  ];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/** Where Debian has it; chaos sets clocks by it. */
function hasFakeTime() {
  const triplet = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return existsSync(`/usr/lib/${triplet}-linux-gnu/faketime/libfaketime.so.1`);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// A dynamic program has a segment that names its loader (type 3), which an image would lack.
function hasStaticBusybox() {
  const path = find('busybox');
  if (path === undefined) return false;
  const elf = readFileSync(path);
  const [start, size, count] = [
    Number(elf.readBigUInt64LE(0x20)),
    elf.readUInt16LE(0x36),
    elf.readUInt16LE(0x38),
  ];
  return !Array.from({ length: count }, (_, i) => elf.readUInt32LE(start + i * size)).includes(3);
}

// Where the kernel has AppArmor on, dockerd can't start containers without its parser.
function needsAppArmor() {
  return existsSync('/sys/kernel/security/apparmor') && !find('apparmor_parser');
}

function isDebian() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release) && find('apt-get') !== undefined;
}

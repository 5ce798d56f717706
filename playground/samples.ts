import type Docker from 'dockerode';
import { runContainer } from './parts/containers.ts';
import { buildChild, busyboxAvailable, busyboxImage, type ImageSpec, loadImages } from './parts/images.ts';

const DAY = 86_400_000;
const MB = 1_000_000;

/** What a host of the playground has: enough of everything that a plan has words for. */
export async function loadSamples(docker: Docker, host: string, now: number): Promise<void> {
  const ago = (days: number) => new Date(now - days * DAY);
  const base = { name: 'base', bytes: 3 * MB };
  const runtime = { name: 'runtime', bytes: 2 * MB };
  const app = (version: number, days: number, tags: string[]) => ({
    tags,
    created: ago(days),
    labels: { team: 'shop' },
    layers: [base, runtime, { name: `${host} app ${version}`, bytes: 400_000 * version }],
  });
  await loadImages(docker, {
    base: { tags: ['base:1'], created: ago(200), layers: [base] },
    app1: app(1, 40, ['app:1']),
    app2: app(2, 20, ['app:2', 'app:stable', 'team/app:2.0']),
    app3: app(3, 2, ['app:3', 'app:latest']),
    web1: runnable(['web:1'], { created: ago(30) }),
    web2: runnable(['web:2'], { created: ago(5), layers: [{ name: `${host} web`, bytes: 700_000 }] }),
    job: runnable(['job:7'], { created: ago(60), layers: [{ name: `${host} job`, bytes: 900_000 }] }),
    broken: { tags: [], created: ago(9), layers: [base, { name: `${host} broken build`, bytes: 1_500_000 }] },
    old: { tags: [], created: ago(90), layers: [base, { name: `${host} old build`, bytes: 2_500_000 }] },
    tools: {
      tags: ['tools:2024'],
      created: ago(400),
      labels: { keep: 'yes' },
      layers: [{ name: 'tools', bytes: MB }],
    },
  });
  await buildChild(docker, 'tools:2024', { tag: 'tools-extra:1', label: host });
  await runContainer(docker, { image: 'web:1', name: 'web-1' });
  await runContainer(docker, { image: 'job:7', name: 'job-7', state: 'stopped' });
}

// --- internal ---

/** Without busybox there is no real engine either, and a simulated one runs anything. */
function runnable(tags: readonly string[], more: Partial<ImageSpec>): ImageSpec {
  if (busyboxAvailable() === true) return busyboxImage(tags, more);
  return {
    cmd: ['sleep', '1000000'],
    ...more,
    tags,
    layers: [{ name: 'busybox', bytes: 2 * MB }, ...(more.layers ?? [])],
  };
}

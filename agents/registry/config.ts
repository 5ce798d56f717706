import { z } from 'zod';
import { HostName } from '../../src/domain/ids.ts';
import { Collects } from '../../src/domain/plan.ts';
import type { CredentialsFrom } from './credentials.ts';

const text = (what: string) =>
  z.string(`must be ${what}`).min(1, 'must not be empty').max(1_000, 'is too long');

/** `registries:` of the agent's file. */
export const Registries = z
  .array(
    z.strictObject(
      {
        name: HostName,
        url: text('an address such as https://registry.example.com').refine(
          isAddress,
          'must be an address such as https://registry.example.com, without a name, a password or more',
        ),
        repositories: z
          .array(text('a glob of repositories'), 'must be a list of globs such as team/*')
          .min(1, 'must name at least one glob such as team/*'),
        credentials: text('a file with user:password in one line').optional(),
        ca: text('a file with certificates').optional(),
        kind: Collects.optional(),
      },
      {
        error: (issue) =>
          issue.code === 'invalid_type' ? 'must hold name, url and repositories' : undefined,
      },
    ),
    'must be a list of registries',
  )
  .superRefine((all, context) => {
    const names = all.map(({ name }) => name);
    const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
    if (twice >= 0) context.addIssue({ code: 'custom', path: [twice, 'name'], message: 'is there twice' });
  });

export type RegistrySettings = {
  name: HostName;
  url: string;
  repositories: readonly string[];
  credentials: CredentialsFrom;
  /** A file. */
  ca: string | undefined;
  collects: Collects;
};

/** As the agent works with them. `dockerConfig`: the folder of Docker's own configuration. */
export function registriesOf(all: z.infer<typeof Registries>, dockerConfig: string): RegistrySettings[] {
  return all.map(({ name, url, repositories, credentials, ca, kind = 'distribution' }) => ({
    ...{ name, url, repositories, ca, collects: kind },
    credentials: credentials === undefined ? { dockerConfig } : { credentialsFile: credentials },
  }));
}

/** What people may write before its repositories: its address as Docker has it, with the port or without, and its name here. */
export function prefixesOf({ name, url }: Pick<RegistrySettings, 'name' | 'url'>): string[] {
  const { host, hostname, port, protocol } = new URL(url);
  return [...new Set([name, host, `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`])];
}

// --- internal ---

function isAddress(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null;
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password &&
    !url.search &&
    !url.hash
  );
}

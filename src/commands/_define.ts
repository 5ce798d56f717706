import { z } from 'zod';
import type { Entry } from '../domain/audit.ts';
import type { Markup } from '../domain/markup.ts';
import { code, say } from '../domain/markup.ts';
import type { Plan } from '../domain/plan.ts';
import type { HostStatus, SurveySelection } from '../domain/protocol.ts';
import { lengthOf } from '../domain/reason.ts';
import type { Rights } from '../domain/rights.ts';
import type { Rollout, Run } from '../domain/run.ts';
import type { AnySelection } from '../domain/selection.ts';
import { parseDuration, parseMoment } from '../domain/time.ts';
import type { Answer } from '../ports.ts';
import type { Surveyed } from './_survey.ts';
import type { Verified } from './_verified.ts';

/** Words and options as the command's schemas read them. */
interface Input<W extends z.ZodObject, O extends z.ZodObject> {
  words: z.output<W>;
  options: z.output<O>;
}

/** What the bot knows without asking a host. */
export interface Desk {
  /** Milliseconds since 1970. */
  now: number;
  commands: ReadonlyMap<string, Command>;
  rights: Rights;
  hosts(where?: string): Promise<HostStatus[]>;
  run(id: number): Promise<{ run: Run; plans: ReadonlyMap<string, Plan> } | null>;
  /** Runs that are not over, oldest first. */
  openRuns(): Promise<Run[]>;
  history(filter: HistoryFilter): Promise<History>;
}

export interface HistoryFilter {
  where?: string;
  by?: string;
  /** Milliseconds since 1970. */
  since?: number;
  /** Only entries of a smaller number. */
  before?: number;
  count: number;
}

export interface History {
  /** Newest first. */
  entries: Entry[];
  /** Where there are more, or may be: the number before which to look for them. */
  older: number | undefined;
}

interface Declared<W extends z.ZodObject, O extends z.ZodObject> {
  summary: string;
  /** What `help <command>` adds to the usage. */
  about?: readonly string[];
  words: W;
  options: O;
  /** Without the command prefix: `prune host-3 --all`. Every one is parsed by a test. */
  examples: readonly string[];
}

type Kinds<W extends z.ZodObject, O extends z.ZodObject> =
  | {
      kind: 'answer';
      audience: 'caller' | 'channel';
      answer(input: Input<W, O>, desk: Desk): Promise<Answer>;
    }
  | {
      kind: 'survey';
      survey(input: Input<W, O>): {
        where: string;
        /** Shown for one host at a time. */
        one?: boolean;
        /** Of a registry. */
        there?: boolean;
        job: { kind: 'survey'; selection: SurveySelection } | { kind: 'disk' };
      };
      show(surveyed: Surveyed, input: Input<W, O>, now: number): Answer;
    }
  | {
      kind: 'delete';
      select(input: Input<W, O>): {
        where: string;
        selection: AnySelection;
        dryRun?: boolean;
        skipConfirmation?: boolean;
        rollout?: Rollout;
      };
    }
  | {
      kind: 'decide';
      decide(input: Input<W, O>): {
        run: number;
        verb: 'cancel' | 'approve' | 'deny' | 'continue';
        reason?: string;
      };
    }
  | {
      kind: 'restore';
      /** The run whose deletions are to be undone. */
      restore(input: Input<W, O>): { run: number };
    }
  | {
      kind: 'verify';
      /** The audit's verdict, for the channel. */
      show(verified: Verified): Answer;
    };

/** A command with the types of its own words and options. */
export type Declaration<W extends z.ZodObject, O extends z.ZodObject> = Declared<W, O> & Kinds<W, O>;

/** Any command, as the machinery handles it. */
export type Command = Declaration<z.ZodObject, z.ZodObject> & { name: string };

/** Declares a command; its name is its file's. */
export function defineCommand<W extends z.ZodObject, O extends z.ZodObject>(declaration: Declaration<W, O>) {
  return declaration;
}

/** What no person can type. */
export const NOT = '\u0000';

/** How an option is typed and shown; attached to its schema. */
export interface OptionMeta {
  about: string;
  short?: string;
  /** The name of its value in the usage line; a flag has none. */
  value?: string;
  /** What it means without a value, which then can only be given after `=`. */
  implied?: string;
  /** `--name!=value` is meant as well; the value then begins with `NOT`. */
  negatable?: boolean;
}

const options = z.registry<OptionMeta>();
export const metaOf = (schema: z.core.$ZodType): OptionMeta | undefined => options.get(schema);

/** An option without a value. */
export const flag = (meta: Omit<OptionMeta, 'value'>) => declared(z.boolean().default(false), meta);

/** An option with one value, read by `schema`. */
export const valued = <S extends z.ZodType>(schema: S, meta: OptionMeta & { value: string }) =>
  declared(schema.optional(), meta);

/** An option that may be given several times. */
export const repeated = <S extends z.ZodType>(schema: S, meta: OptionMeta & { value: string }) =>
  declared(z.array(schema).default([]), meta);

function declared<S extends z.ZodType>(schema: S, meta: OptionMeta): S {
  options.add(schema, meta);
  return schema;
}

/** `<where>` of a command. */
export const Where = z.string().max(500);

const rests = new WeakSet<z.core.$ZodType>();

/** The rest of the line, exactly as typed: no quotes, no options. It must be the last of the words. */
export const rest = (most: number) => {
  const schema = z
    .string()
    .refine((text) => lengthOf(text) <= most, {
      error: ({ input }) => `at most ${most} characters, and these are ${lengthOf(String(input))}`,
    })
    .optional();
  rests.add(schema);
  return schema;
};

export const isRest = (schema: z.core.$ZodType): boolean => rests.has(schema);

/** The number of a run, `1042` or `#1042`. */
export const RunNumber = z
  .string()
  .regex(/^#?[1-9]\d{0,11}$/, 'a run is a number such as 1042')
  .transform((text) => Number(text.replace('#', '')));

export const MomentOption = z.string().transform((text, context) => {
  const moment = parseMoment(text);
  if (moment) return moment;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no duration or time: write 90s, 15m, 24h, 7d, 1h30m or 2026-01-31T12:00:00Z`,
  });
  return z.NEVER;
});

/** A duration in milliseconds. */
export const DurationOption = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: `"${text}" is no duration: write 90s, 15m, 24h, 7d or 1h30m` });
  return z.NEVER;
});

/** A whole number from 1 up. */
export const CountOption = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'write a whole number from 1 up')
  .transform(Number);

/** `/dimg prune <where> [options]`. */
export function usage(command: Command): Markup {
  const words = Object.entries(command.words.shape).map(([name, schema]) => {
    const shown = schema instanceof z.ZodArray ? `${name}…` : name;
    return isOptional(schema) ? `[${shown}]` : `<${shown}>`;
  });
  const some = Object.keys(command.options.shape).length > 0 ? ['[options]'] : [];
  return say`${code(['/dimg', command.name, ...words, ...some].join(' '))}`;
}

export function isOptional(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
}

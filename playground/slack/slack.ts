import type {
  CommandInput,
  CommandResult,
  Delivery,
  DisconnectReason,
  Fault,
  FaultHandle,
  PressInput,
  Repeat,
  SubmitInput,
  SubmitResult,
} from './controls.ts';
import type { Messages } from './messages.ts';
import type { SayInput } from './people/events.ts';
import type { RecordKeeper } from './record.ts';
import type { Entry, Json, Message, Rejected, SlackFile, View, Warning } from './types.ts';
import type { World } from './world.ts';

/** A running stand-in: what the app talks to, the people who use it, and the record of both. */
export type Slack = Pick<World, 'addUser' | 'addChannel' | 'setGroup' | 'join' | 'leave'> &
  Pick<RecordKeeper, 'onChange' | 'waitFor'> & {
    /** `http://127.0.0.1:…` */
    readonly url: string;
    /** What `SLACK_API_URL` wants: `${url}/api/`. */
    readonly apiUrl: string;
    readonly botToken: string;
    readonly appToken: string;
    readonly world: World;

    /** Every call, every version of every message and view, every envelope: append-only, oldest first. */
    readonly history: readonly Entry[];
    /** Calls that Slack refuses, whoever made them; injected faults and rate limits are not among them. */
    readonly rejected: readonly Rejected[];
    readonly warnings: readonly Warning[];
    /** Moves the clock of trigger ids, response URLs, rate limits and timestamps forward. */
    readonly advance: (ms: number) => void;

    /** What everybody in the channel sees now, oldest first, replies included; without a channel, all of them. */
    readonly messages: Messages['inChannel'];
    readonly message: (channel: string, ts: string) => Message | undefined;
    /** The parent and its replies. */
    readonly thread: Messages['thread'];
    readonly ephemerals: Messages['ephemerals'];
    /** Modals that are open (bottom first), then Home views. */
    readonly views: () => View[];
    readonly home: (user: string) => View | undefined;
    readonly files: () => SlackFile[];

    readonly command: (input: CommandInput) => Promise<CommandResult>;
    readonly press: (input: PressInput) => Promise<Delivery>;
    /** Sends this block_actions (or other interactive) payload as it is. */
    readonly pressRaw: (payload: Json, repeat?: Repeat) => Promise<Delivery>;
    readonly submit: (input: SubmitInput) => Promise<SubmitResult>;
    readonly closeView: (viewId: string) => Promise<Delivery | undefined>;
    readonly openHome: (user: string, repeat?: Repeat) => Promise<Delivery>;
    readonly event: (event: Json, repeat?: Repeat) => Promise<Delivery>;
    readonly say: (input: SayInput) => Message;

    readonly connections: () => number;
    /** Asks the app's connections to go, as Slack does; `warning` leaves them in use. */
    readonly disconnect: (reason: DisconnectReason) => void;
    /** Cuts the app's connections without a word. */
    readonly cut: () => void;
    readonly fault: (fault: Fault) => FaultHandle;
    /** Decides of every call whether it meets a fault; until it is called without a function. */
    readonly weather: (meet?: (method: string, body: Json) => Fault | undefined) => void;
    /** Requests that are not answered on purpose, and are waited for. */
    readonly hanging: () => number;
    /** While on: 503 for every request, no sockets. */
    readonly outage: (on: boolean) => void;
    readonly close: () => Promise<void>;
  };

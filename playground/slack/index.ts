import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createClock } from './clock.ts';
import { type Context, SCOPES, type Settings } from './context.ts';
import type { Options } from './controls.ts';
import { createDispatch } from './dispatch.ts';
import { createFaults } from './faults.ts';
import { createFiles } from './files.ts';
import { createGrants } from './grants.ts';
import { createHttp } from './http.ts';
import { createLimiter } from './limits.ts';
import { createMessages } from './messages.ts';
import { command } from './people/command.ts';
import { openHome, say, sendEvent } from './people/events.ts';
import { createPress, pressRaw } from './people/press.ts';
import { closeView, submit } from './people/submit.ts';
import { createPush } from './push.ts';
import { createRecord } from './record.ts';
import type { Slack } from './slack.ts';
import { createSockets } from './socket.ts';
import { createViews } from './views.ts';
import { createWorld } from './world.ts';

export { buttonsOf } from './blocks/walk.ts';
export type * from './controls.ts';
export type { Slack } from './slack.ts';
export { renderMessage } from './text.ts';
export type * from './types.ts';

const settingsOf = (options: Options): Settings => ({
  botToken: options.botToken ?? 'xoxb-stand-in',
  appToken: options.appToken ?? 'xapp-stand-in',
  scopes: options.scopes ?? SCOPES,
  plan: options.plan ?? 'paid',
  shouldEscape: options.shouldEscape ?? true,
  ackTimeout: options.ackTimeout ?? 3000,
  eventRetries: options.eventRetries ?? [0, 60_000, 300_000],
  blockTextLimit: options.blockTextLimit ?? 12_000,
});

/** Starts a Slack of its own on 127.0.0.1. It refuses what Slack refuses, and records everything. */
export async function startSlack(options: Options = {}): Promise<Slack> {
  const settings = settingsOf(options);
  const host = options.host ?? '127.0.0.1';
  let port = options.port ?? 0;
  const base = () => `http://${host}:${port}`;

  const clock = createClock(options.time);
  const record = createRecord(clock);
  const world = createWorld();
  const messages = createMessages(clock, record);
  const views = createViews(record);
  const files = createFiles(record);
  const faults = createFaults();
  const sockets = createSockets(record, faults, () => options.socketHost ?? `${host}:${port}`);
  const limiter = createLimiter(clock, options.rateLimits);
  const grants = createGrants(clock, base);
  const { ticket } = sockets;
  const context: Context = {
    settings,
    clock,
    record,
    world,
    messages,
    views,
    files,
    grants,
    limiter,
    faults,
    base,
    ticket,
  };
  const transport = options.requestUrl
    ? createPush(record, options.requestUrl, settings.ackTimeout)
    : sockets;
  const dispatch = createDispatch(context, transport);
  const press = createPress(context, dispatch);

  const { server, hanging } = createHttp(context);
  server.on('upgrade', sockets.upgrade);
  server.listen(port, host);
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;

  return {
    url: base(),
    apiUrl: `${base()}/api/`,
    botToken: settings.botToken,
    appToken: settings.appToken,
    world,
    history: record.history,
    rejected: record.rejected,
    warnings: record.warnings,
    onChange: record.onChange,
    waitFor: record.waitFor,
    advance: clock.advance,

    addUser: world.addUser,
    addChannel: world.addChannel,
    setGroup: world.setGroup,
    join: world.join,
    leave: world.leave,

    messages: messages.inChannel,
    message: messages.find,
    thread: messages.thread,
    ephemerals: messages.ephemerals,
    views: views.all,
    files: files.all,
    home: views.home,

    command: (input) => command(context, dispatch, input),
    press,
    pressRaw: (payload, repeat) => pressRaw(dispatch, payload, repeat),
    submit: (input) => submit(context, dispatch, input),
    closeView: (id) => closeView(context, dispatch, id),
    openHome: (user, repeat) => openHome(context, dispatch, user, repeat),
    event: (event, repeat) => sendEvent(context, dispatch, event, repeat),
    say: (input) => say(context, input),

    connections: sockets.connections,
    disconnect: sockets.disconnect,
    cut: sockets.cut,
    fault: faults.inject,
    weather: faults.weather,
    hanging,
    outage: (on) => {
      faults.outage(on);
      if (on) sockets.cut();
    },

    close: async () => {
      record.close();
      dispatch.close();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

import type { Context } from '../context.ts';
import { refuse } from '../refuse.ts';
import type { Json } from '../types.ts';
import { chat } from './chat.ts';
import { conversations } from './conversations.ts';
import type { Method } from './define.ts';
import { files } from './files.ts';
import { people } from './people.ts';
import { views } from './views.ts';

const METHODS: ReadonlyMap<string, Method> = new Map([
  ...chat,
  ...conversations,
  ...people,
  ...views,
  ...files,
]);

/** Whether Slack (as far as this stand-in knows it) has the method. */
export function isMethod(name: string): boolean {
  return METHODS.has(name);
}

/** One Web API call: the token, the scope, then the method itself. */
export function callMethod(context: Context, name: string, token: string | undefined, body: Json): Json {
  const method = METHODS.get(name);
  if (!method) return refuse('unknown_method', [], { req_method: name });
  checkToken(context, method, token);
  const provided = context.settings.scopes;
  if (method.scopes.length > 0 && !method.scopes.some((scope) => provided.includes(scope))) {
    refuse('missing_scope', [], { needed: method.scopes.join(','), provided: provided.join(',') });
  }
  return { ok: true, ...method.call(context, body) };
}

function checkToken({ settings }: Context, method: Method, token: string | undefined) {
  if (!token) refuse('not_authed');
  if (token !== settings.botToken && token !== settings.appToken) refuse('invalid_auth');
  const wanted = method.token === 'app' ? settings.appToken : settings.botToken;
  if (token !== wanted) refuse('not_allowed_token_type');
}

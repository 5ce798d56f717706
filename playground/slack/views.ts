import { randomBytes } from 'node:crypto';
import type { CheckedView } from './blocks/view.ts';
import { withIds } from './blocks/walk.ts';
import type { RecordKeeper } from './record.ts';
import { refuse } from './refuse.ts';
import type { View, ViewChange } from './types.ts';

export type Views = {
  readonly open: (user: string, view: CheckedView) => View;
  readonly push: (user: string, view: CheckedView) => View;
  readonly update: (old: View, view: CheckedView, hash?: string) => View;
  readonly publish: (user: string, view: CheckedView, hash?: string) => View;
  /** Closes one modal, or the user's whole stack. */
  readonly close: (view: View, whole: boolean) => void;
  readonly setErrors: (view: View, errors: Record<string, string>) => View;
  readonly get: (id: string) => View | undefined;
  readonly byExternalId: (id: string) => View | undefined;
  readonly home: (user: string) => View | undefined;
  /** Modals that are open, bottom first; then Home views. */
  readonly all: () => View[];
};

const MAX_STACK = 3;

/** Modals in a stack per user, and one Home view per user. */
export function createViews(record: RecordKeeper): Views {
  const stacks = new Map<string, View[]>();
  const homes = new Map<string, View>();
  let count = 0;
  let named = 0;
  const fresh = () => `gen${(++named).toString(36)}`;
  const stack = (user: string) => stacks.get(user) ?? [];
  const all = () => [...[...stacks.values()].flat(), ...homes.values()];
  const note = (change: ViewChange, view: View) => {
    record.add({ kind: 'view', change, view });
    return view;
  };

  const make = (user: string, view: CheckedView, place: Partial<View>): View => {
    const external = view.external_id ?? '';
    const id = place.id ?? `V${(++count).toString().padStart(4, '0')}`;
    if (external && all().some((one) => one.external_id === external && one.id !== id))
      refuse('duplicate_external_id');
    return {
      private_metadata: '',
      callback_id: '',
      external_id: '',
      clear_on_close: false,
      notify_on_close: false,
      ...view,
      blocks: withIds(view.blocks, fresh),
      id,
      user,
      hash: `${Math.floor(Date.now() / 1000)}.${randomBytes(4).toString('hex')}`,
      root_view_id: place.root_view_id ?? id,
      ...(place.previous_view_id ? { previous_view_id: place.previous_view_id } : {}),
    };
  };
  const replace = (view: View) => {
    if (view.type === 'home') homes.set(view.user, view);
    else
      stacks.set(
        view.user,
        stack(view.user).map((one) => (one.id === view.id ? view : one)),
      );
    return view;
  };

  const get = (id: string) => all().find((view) => view.id === id);
  return {
    open: (user, checked) => {
      // A new modal takes the place of the open ones.
      for (const old of stack(user)) note('closed', old);
      stacks.delete(user);
      const view = make(user, checked, {});
      stacks.set(user, [view]);
      return note('opened', view);
    },
    push: (user, checked) => {
      const below = stack(user);
      const top = below.at(-1);
      if (!top) return refuse('not_found');
      if (below.length >= MAX_STACK) return refuse('push_limit_reached');
      const view = make(user, checked, { root_view_id: top.root_view_id, previous_view_id: top.id });
      stacks.set(user, [...below, view]);
      return note('pushed', view);
    },
    update: (old, checked, hash) => {
      if (hash !== undefined && hash !== old.hash) return refuse('hash_conflict');
      return note('updated', replace(make(old.user, checked, old)));
    },
    publish: (user, checked, hash) => {
      const old = homes.get(user);
      if (hash !== undefined && hash !== old?.hash) return refuse('hash_conflict');
      return note('published', replace(make(user, checked, old ?? {})));
    },
    close: (view, whole) => {
      const views = stack(view.user);
      const keep = whole ? [] : views.filter((one) => one.id !== view.id);
      stacks.set(view.user, keep);
      for (const gone of views.filter((one) => !keep.includes(one))) note('closed', gone);
    },
    setErrors: (view, errors) => note('updated', replace({ ...view, errors })),
    get,
    byExternalId: (id) => all().find((view) => id !== '' && view.external_id === id),
    home: (user) => homes.get(user),
    all,
  };
}

/** A view as Slack's payloads and answers carry it; input values go into `state`. */
export function wireView(view: View, values: unknown = {}): Record<string, unknown> {
  const { user: _user, errors: _errors, ...rest } = view;
  return { team_id: 'T0TEAM', app_id: 'A0DIMG', bot_id: 'B0DIMG', ...rest, state: { values } };
}

import { z } from 'zod';
import { checkView } from '../blocks/view.ts';
import { refuse } from '../refuse.ts';
import { wireView } from '../views.ts';
import { method } from './define.ts';

const view = z.record(z.string(), z.unknown());
const trigger_id = z.string().min(1);
const hash = z.string().optional();

const open = method('views.open', [], z.object({ trigger_id, view }), (context, args) => {
  // Slack looks at the view first: a wrong one does not use the trigger up.
  const checked = checkView(args.view, 'modal');
  return { view: wireView(context.views.open(context.grants.exchange(args.trigger_id), checked)) };
});

const push = method('views.push', [], z.object({ trigger_id, view }), (context, args) => {
  const checked = checkView(args.view, 'modal');
  return { view: wireView(context.views.push(context.grants.exchange(args.trigger_id), checked)) };
});

const update = method(
  'views.update',
  [],
  z.object({ view_id: z.string().optional(), external_id: z.string().optional(), view, hash }),
  (context, args) => {
    if (!args.view_id && !args.external_id) refuse('invalid_arguments', ['missing required field: view_id']);
    const old = args.view_id
      ? context.views.get(args.view_id)
      : context.views.byExternalId(args.external_id ?? '');
    const checked = checkView(args.view, old?.type ?? 'modal');
    if (!old) return refuse('not_found');
    return { view: wireView(context.views.update(old, checked, args.hash)) };
  },
);

const publish = method(
  'views.publish',
  [],
  z.object({ user_id: z.string().min(1), view, hash }),
  (context, args) => {
    const checked = checkView(args.view, 'home');
    const user = context.world.users.get(args.user_id);
    if (!user || user.deleted) return refuse('invalid_arguments', ['user_id is invalid']);
    return { view: wireView(context.views.publish(user.id, checked, args.hash)) };
  },
);

export const views = [open, push, update, publish];

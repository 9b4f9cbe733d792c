import { notificationNames } from '../../operator/services/index.ts';
import { withoutZero } from '../present/without-zero.ts';
import { json, type Route, route } from '../route.ts';

const KINDS = [
  ['triggers', 'trigger'],
  ['services', 'service'],
  ['templates', 'template'],
] as const;

/** What notifications are made of, by name. */
export const notificationRoutes: readonly Route[] = KINDS.map(([path, kind]) =>
  route({
    method: 'get',
    path: `/api/v1/notifications/${path}`,
    summary: `Names of the ${path} of notifications`,
    access: { type: 'signed-in' },
    answer: (_request, controlPlane) =>
      json(withoutZero({ items: notificationNames(controlPlane, kind).map((name) => ({ name })) })),
  }),
);

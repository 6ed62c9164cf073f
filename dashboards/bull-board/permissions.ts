export const BOARD_LEVELS = ['read', 'operate', 'admin'] as const;
export type BoardLevel = (typeof BOARD_LEVELS)[number];

const QUEUE = '/api/queues/:queueName';

/** What `operate` may do beside reading: nothing that loses a job. */
const OPERATE: ReadonlySet<string> = new Set([
  `put ${QUEUE}/retry/:queueStatus`,
  `put ${QUEUE}/promote`,
  `put ${QUEUE}/pause`,
  `put ${QUEUE}/resume`,
  `put ${QUEUE}/:jobId/retry`,
  `put ${QUEUE}/:jobId/promote`,
  'put /api/queues/pause',
  'put /api/queues/resume',
]);

/** Closed to everybody: they would write redacted data back, or make jobs that no run knows. */
const NOBODY: ReadonlySet<string> = new Set([`post ${QUEUE}/add`, `patch ${QUEUE}/:jobId/update-data`]);

/** Whether a level may call one of the board's routes. Routes of later versions are closed except to `admin`. */
export function mayCall(level: BoardLevel, method: string, route: string): boolean {
  if (method.toLowerCase() === 'get') return true;
  const call = `${method.toLowerCase()} ${route}`;
  if (NOBODY.has(call) || level === 'read') return false;
  return level === 'admin' || OPERATE.has(call);
}

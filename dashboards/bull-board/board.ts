import { createBullBoard as mountBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import type { RequestHandler, Response } from 'express';
import { hasRole, type Caller } from '../../src/contracts/caller.ts';
import { mayCall, type BoardLevel } from './permissions.ts';

export interface BullBoardOptions {
  readonly queues: readonly Queue[];
  /** Others, which come and go; asked again when somebody looks. Default: none. */
  readonly moreQueues?: () => Promise<readonly Queue[]>;
  /** Where the handler is mounted, without a trailing slash. */
  readonly basePath: string;
  /** Replaces player text and secrets in what the board shows. */
  readonly redact: (value: unknown) => unknown;
  /** Who asks; the board answers nobody whom this does not know. */
  readonly callerOf: (res: Response) => Caller | undefined;
  readonly title?: string;
}

/**
 * Bull Board as one express handler, a board per level of trust: `read` looks, `operate` may also retry, promote,
 * pause and resume, `admin` may also clean. Nobody edits or copies job data here, because what the board shows
 * is redacted and would be written back so. Authentication, same-origin checks and audit are the HTTP room's.
 *
 * Source: spec, operations 3.1
 */
export function createBullBoard(options: BullBoardOptions): RequestHandler {
  const boards: Record<BoardLevel, Board> = {
    read: createBoard(options, 'read'),
    operate: createBoard(options, 'operate'),
    admin: createBoard(options, 'admin'),
  };
  const isFresh = refresher(options, Object.values(boards));
  return async (req, res, next) => {
    const level = levelOf(options.callerOf(res));
    if (level === undefined) {
      res.status(401).end();
      return;
    }
    // Scripts and styles need no queues.
    if (req.path.startsWith('/api/')) await isFresh();
    boards[level].handler(req, res, next);
  };
}

interface Board {
  readonly handler: RequestHandler;
  readonly show: (queues: readonly Queue[]) => void;
}

const REFRESH_MS = 1000;

/** Shows the queues that there are now, unless that was done a moment ago. What cannot be read stays as it was. */
function refresher({ queues, moreQueues }: BullBoardOptions, boards: readonly Board[]): () => Promise<void> {
  let refreshed = Promise.resolve();
  let refreshedAt = -Infinity;
  const refresh = async (more: () => Promise<readonly Queue[]>): Promise<void> => {
    const all = [...queues, ...(await more())];
    for (const board of boards) board.show(all);
  };
  return () => {
    if (moreQueues !== undefined && performance.now() - refreshedAt >= REFRESH_MS) {
      refreshedAt = performance.now();
      refreshed = refresh(moreQueues).catch(() => undefined);
    }
    return refreshed;
  };
}

function levelOf(caller: Caller | undefined): BoardLevel | undefined {
  if (caller === undefined) return undefined;
  return (['admin', 'operate', 'read'] as const).find((level) => hasRole(caller, level));
}

function createBoard(options: BullBoardOptions, level: BoardLevel): Board {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(options.basePath);
  const adapters = new WeakMap<Queue, BullMQAdapter>();
  const adaptersOf = (queues: readonly Queue[]): BullMQAdapter[] =>
    queues.map((queue) => {
      const adapter = adapters.get(queue) ?? adapterOf(queue, options.redact, level);
      adapters.set(queue, adapter);
      return adapter;
    });
  const { replaceQueues } = mountBoard({
    queues: adaptersOf(options.queues),
    serverAdapter,
    options: {
      uiConfig: { boardTitle: options.title ?? 'Agent fleet', hideRedisDetails: true },
      handlerHooks: {
        before: ({ method, route }) =>
          mayCall(level, method, route)
            ? { allow: true }
            : { allow: false, status: 403, message: `the role ${level} may not do this` },
      },
    },
  });
  // The library's own answer carries the error's message, which may hold an address.
  serverAdapter.setErrorHandler(() => ({ status: 500, body: { error: 'ERRORS.INTERNAL_SERVER_ERROR' } }));
  return {
    handler: serverAdapter.getRouter() as RequestHandler, // the library types its express app loosely
    show: (queues) => replaceQueues(adaptersOf(queues)),
  };
}

function adapterOf(queue: Queue, redact: (value: unknown) => unknown, level: BoardLevel): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, {
    readOnlyMode: level === 'read',
    allowRetries: level !== 'read',
  });
  for (const field of ['data', 'returnValue', 'progress'] as const) {
    adapter.setFormatter(field, (value: unknown) => redact(parsedIfJson(value)));
  }
  return adapter;
}

/** Workers return JSON as text; only its fields tell what must be hidden. */
function parsedIfJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

import type { Queue } from 'bullmq';
import type { QueueName } from '../../../queues/catalogue.ts';
import type { IpaOutput } from '../../contracts/intent.ts';
import type { RunNotices } from '../../events/run-notices.ts';
import type { OwnedSession } from '../../sessions/session-store.ts';
import type { DeadLetterContext } from '../../workflows/dead-letters.ts';
import type { DefinitionRegistry } from '../../workflows/registry/registry.ts';
import type { Ingress } from './ingress.ts';

/** What the operations are made from. */
export interface OperationsContext {
  readonly workflows: DeadLetterContext;
  /** null: the definitions are a fixed set. */
  readonly registry: DefinitionRegistry | null;
  readonly queues: ReadonlyMap<QueueName, Queue>;
  readonly notices: RunNotices;
  readonly sessionTtlSeconds: number;
  readonly requireNoeviction: boolean;
  /** Judges players' lines before anything is done with them; null: nobody does. */
  readonly ingress: Ingress | null;
  /** What a text means in its session, found locally within milliseconds. */
  readonly understand: (text: string, session: OwnedSession | null) => Promise<IpaOutput>;
}

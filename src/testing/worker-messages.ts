import type { QueueName } from '../../queues/catalogue.ts';
import type { KillPoint, ProcessRole } from './kill-points.ts';

/** What a harness tells a process of its fleet. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly role: ProcessRole;
      readonly queues: readonly QueueName[];
      readonly instance: string;
      readonly redisUrl: string;
      readonly settings: Readonly<Record<string, string>>;
      /** URL of the module with the definitions. */
      readonly plans: string;
    }
  | {
      readonly type: 'arm';
      readonly id: number;
      readonly point: KillPoint;
      readonly signal: 'SIGKILL' | 'SIGSTOP';
    }
  | { readonly type: 'stop' };

/** What the process answers. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'armed'; readonly id: number }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  /** Sent before the signal; nobody hears what a killed process still wanted to say. */
  | { readonly type: 'reached'; readonly id: number };

import type { AuditEntry, SafetyLevel, Stage } from '../../contracts/safety.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../observability/logger.ts';
import type { NotedValidation, ValidationRecorder } from '../ports.ts';
import { PendingWork } from './pending-work.ts';

export interface RecorderOptions {
  readonly tally: {
    judged(result: { level: SafetyLevel; audit?: AuditEntry[] }, stage: Stage, durationMs: number): void;
  };
  readonly store: {
    recordJudgement(
      judgement: Pick<
        NotedValidation,
        'stage' | 'sessionId' | 'userHash' | 'level' | 'rulesVersion' | 'text'
      > & {
        readonly atMs: number;
      },
    ): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Whether what is safe is audited, too. */
  readonly auditsSafe: boolean;
}

/** Counts every judgement in this process; those that are not safe are written down behind the answer. */
export function createRecorder(options: RecorderOptions): ValidationRecorder & { settled(): Promise<void> } {
  const { auditsSafe, clock, log, store, tally } = options;
  const pending = new PendingWork(log);
  return {
    note({ audit, durationMs, isCrisis, stage, level, ...about }) {
      tally.judged({ level, audit: [...audit] }, stage, durationMs);
      // A crisis is audited with its intervention.
      if (isCrisis || (level === 'safe' && !auditsSafe)) return;
      const { rulesVersion, sessionId, text, userHash } = about;
      const atMs = clock.now();
      const judgement = { stage, level, rulesVersion, sessionId, text, userHash, atMs };
      pending.add(store.recordJudgement(judgement), {}, 'a judgement was not recorded');
    },
    counted(stage, level, durationMs) {
      tally.judged({ level }, stage, durationMs);
    },
    settled: () => pending.settled(),
  };
}

import { createHash } from 'node:crypto';
import type { StepValidation } from '../../contracts/safety.ts';
import type { ShortCircuit } from '../../contracts/support.ts';
import type { LiveJudge } from '../ports.ts';
import { judgeLine } from './judge-line.ts';
import type { Screen } from './screen-input.ts';
import { stepValidationOf } from './step-validation.ts';

/** For whom a job works. */
export interface JobOrigin {
  /** Equal on every attempt of the same job. */
  readonly key: string;
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
}

/** A player's line within a job: judged again, because not every job came by the door. */
export interface JobScreen {
  /** Pure. */
  validate(text: string): StepValidation;
  /** The answer to a crisis that nobody had answered. Never rejects. */
  answer(text: string, origin: JobOrigin): Promise<ShortCircuit | null>;
}

/** Source: spec, safety 11, "IPA worker" */
export function createJobScreen(judge: LiveJudge, screen: Screen): JobScreen {
  return {
    validate: (text) => stepValidationOf(judgeLine(judge, text, { includeAudit: false }).validation),
    async answer(text, { key, sessionId, userId }) {
      const screened = await screen.screen({
        text,
        sessionId: sessionId ?? `job-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`,
        userId: userId ?? null,
        requestId: key,
        origin: 'agent',
      });
      if (screened.verdict !== 'crisis' && screened.verdict !== 'held') return null;
      return {
        response_text: screened.text,
        crisis_response: screened.crisis,
        human_oversight_notified: screened.oversight,
      };
    },
  };
}

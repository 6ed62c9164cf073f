import type { PlayerSafety } from '../../contracts/intervention.ts';
import type { ValidationResult } from '../../contracts/safety.ts';
import type { SupportAnswer } from '../../contracts/support.ts';
import { contactsOf, type AnswerParts } from './answer-crisis.ts';
import { LAST_WORDS } from './last-words.ts';
import { placeOf, type LineToScreen, type Supported } from './screen-input.ts';
import { stepValidationOf } from './step-validation.ts';

/** The session waits for a person: care, whatever the line was, and nothing new is written. */
export function answerHeld(
  { metrics, people, supporter }: AnswerParts,
  line: LineToScreen,
  validation: ValidationResult,
  { open }: PlayerSafety,
  receivedAt: number,
): Supported {
  const answer = wordsFor();
  metrics.safety_intervention_response_seconds.observe({}, (performance.now() - receivedAt) / 1000);
  return {
    verdict: 'held',
    validation: stepValidationOf(validation),
    text: answer.text,
    crisis: {
      intervention_id: open?.intervention_id ?? null,
      intervention_type: open?.assessment.intervention_recommended ?? 'human_oversight',
      crisis_level: open?.assessment.crisis_level ?? 'high',
      language: answer.language,
      ...contactsOf(answer),
      held: true,
    },
    oversight: !people.reachesPeople || open === null ? 'none' : open.human_notified ? 'delivered' : 'queued',
  };

  function wordsFor(): SupportAnswer {
    try {
      return supporter.held(placeOf(line));
    } catch {
      return LAST_WORDS;
    }
  }
}

import { beforeAll, describe, expect, test } from 'vitest';
import { readSafetyData } from '../../../../config/safety-data.ts';
import { openValidator } from '../../../../src/safety/open-validator.ts';
import type { LiveJudge } from '../../../../src/safety/ports.ts';
import { judgeLine } from '../../../../src/safety/screening/judge-line.ts';
import { readLabelledLines } from '../../../support/labelled-lines.ts';
import { productValidator } from '../../../support/memory-safety.ts';

let judge: LiveJudge;
beforeAll(() => {
  const spanish = openValidator(readSafetyData('es'));
  judge = {
    languages: ['en', 'es'],
    validatorFor: (locale) => (locale?.startsWith('es') === true ? spanish : productValidator()),
  };
}, 60_000);

function understood(text: string, locale?: string) {
  const { validation, locale: spoken } = judgeLine(judge, text, { locale, includeAudit: false });
  return { isCrisis: validation.crisis_detected, spoken };
}

describe('a line in a language that nobody expected', () => {
  test('is understood when it speaks of danger, and says which language it is', () => {
    expect(understood('quiero matarme')).toEqual({ isCrisis: true, spoken: 'es' });
    expect(understood('quiero matarme', 'en-GB')).toEqual({ isCrisis: true, spoken: 'es-GB' });
    expect(understood('I want to kill myself', 'es-MX')).toEqual({ isCrisis: true, spoken: 'en-MX' });
    expect(understood('quiero matarme', 'es-MX')).toEqual({ isCrisis: true, spoken: undefined });
    expect(understood('miro alrededor de la plaza')).toEqual({ isCrisis: false, spoken: undefined });
  });

  test('is found as often as in its own, and finds nothing in lines of another', () => {
    const found = { es: 0, crises: 0, en: 0 };
    for (const { text, crisis } of readLabelledLines('es')) {
      if (!crisis) continue;
      found.crises += 1;
      if (understood(text, 'en').isCrisis) found.es += 1;
    }
    for (const { text } of [...readLabelledLines('en'), ...readLabelledLines('en-traps')]) {
      if (understood(text, 'en').spoken !== undefined) found.en += 1;
    }
    expect(found.es / found.crises).toBeGreaterThan(0.95);
    expect(found.en).toBe(0);
  });

  test('that only names an illness is no crisis, though another language would call it one', () => {
    expect(understood('need three sources on anorexia for my homework')).toEqual({
      isCrisis: false,
      spoken: undefined,
    });
  });
});

test('a judge that throws is answered by the plainest words', () => {
  const broken: LiveJudge = {
    languages: ['en'],
    validatorFor: () => {
      throw new Error('broken');
    },
  };
  const { validation } = judgeLine(broken, 'I want to kill myself', { includeAudit: false });
  expect(validation).toMatchObject({
    crisis_detected: true,
    monitoring_flags: expect.arrayContaining(['validation_degraded']),
  });
});

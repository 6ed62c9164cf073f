import { describe, expect, test } from 'vitest';
import { parseProtocols, readProtocols } from '../../../config/safety-protocols.ts';
import { CRISIS_LEVELS, CRISIS_TYPES } from '../../../src/contracts/safety.ts';
import { chooseProtocol, filled } from '../../../src/safety/protocols/choose-protocol.ts';
import { crisisOf } from '../../support/crises.ts';

const ANSWER = [{ step: 'generate_response' }, { step: 'provide_resources' }];
const valid = (steps: unknown[]) => ({ version: '1', protocols: { default: { default: steps } } });
const problem = (steps: unknown[]): string => {
  try {
    parseProtocols(valid(steps), 'own.json');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('protocols', () => {
  test('those of the product answer the player first, for every type and level, and tell people from moderate on', () => {
    const protocols = readProtocols();
    for (const type of CRISIS_TYPES) {
      for (const level of CRISIS_LEVELS) {
        const { steps } = chooseProtocol(protocols, { crisis_types: [type], crisis_level: level });
        expect(steps.slice(0, 2).map(({ step }) => step)).toEqual(['generate_response', 'provide_resources']);
        const tells = steps.some(({ step }) => step === 'notify_human');
        expect(tells, `${type} ${level}`).toBe(level !== 'low');
      }
    }
  });

  test('[R5.3] a crisis follows its most severe type, and a gap falls back to what is done for all', () => {
    const protocols = readProtocols();
    const idOf = (types: (typeof CRISIS_TYPES)[number][], level: (typeof CRISIS_LEVELS)[number]) =>
      chooseProtocol(protocols, { crisis_types: types, crisis_level: level }).id;
    expect(idOf(['abuse', 'eating'], 'critical')).toBe('abuse.critical');
    expect(idOf(['severe_depression'], 'critical')).toBe('default.critical');
    expect(idOf([], 'low')).toBe('default.low');
  });

  test.for([
    ['without resources', [{ step: 'generate_response' }], 'before all other steps'],
    ['with the answer behind', ANSWER.toReversed(), 'before all other steps'],
    ['with two answers', [...ANSWER, { step: 'generate_response' }], 'once each'],
    ['with an unknown step', [...ANSWER, { step: 'call_the_police' }], '/protocols/default/default/2'],
    ['with an unknown field', [...ANSWER, { step: 'contact_emergency', number: '911' }], 'number'],
    [
      'with an unknown placeholder',
      [...ANSWER, { step: 'log_event', message: 'said {player_text}' }],
      'unknown placeholder {player_text}',
    ],
  ] as const)('a document %s is refused', ([, steps, why]) => {
    expect(problem([...steps])).toContain(why);
  });

  test('placeholders are facts of the assessment', () => {
    const text = filled('{crisis_level}: {crisis_types} in {region}', crisisOf('high', ['abuse', 'eating']));
    expect(text).toBe('high: abuse, eating in US');
  });
});

import { expect, test } from 'vitest';
import { beginIntervention } from '../../../src/safety/interventions/evolve.ts';
import { crisisOf } from '../../support/interventions.ts';
import { ao } from './fakes.ts';

const one = beginIntervention(crisisOf({ sessionId: 's\u001b[31m1', level: 'critical' }));

test('interventions are listed, and a record that cannot be read is named', async () => {
  const asked: unknown[] = [];
  const operations = {
    listInterventions: async (filter: unknown) => {
      asked.push(filter);
      return { items: [one], next: null, unreadable: ['broken-one'] };
    },
  };
  const argv = [
    'safety',
    'interventions',
    'list',
    '--state',
    'responded',
    '--level',
    'critical',
    '--limit',
    '5',
  ];
  const { code, stdout, stderr } = await ao(argv, { operations });
  expect(code).toBe(0);
  expect(asked).toEqual([{ state: 'responded', level: 'critical', limit: 5 }]);
  expect(stdout).toContain(one.intervention_id);
  expect(stdout).not.toContain('\u001b');
  expect(stderr).toContain('broken-one');
  const wrong = await ao(['safety', 'interventions', 'list', '--state', 'somewhere'], { operations });
  expect(wrong.code).toBe(2);
});

test('one is shown with what happened', async () => {
  const { stdout } = await ao(['safety', 'interventions', 'show', one.intervention_id], {
    operations: { getIntervention: async () => one },
  });
  expect(stdout).toMatch(/level\s+critical, severity 5/);
  expect(stdout).toContain('generate_response, done');
});

test('one is closed by a person, with notes', async () => {
  const asked: unknown[] = [];
  const operations = {
    resolveIntervention: async (...request: unknown[]) => {
      asked.push(request.slice(0, 2));
      return { ...one, state: 'false_positive' as const };
    },
  };
  const argv = [
    'safety',
    'interventions',
    'resolve',
    'id-1',
    '--by',
    'dr-kim',
    '--outcome',
    'false_positive',
  ];
  expect((await ao([...argv, '--notes', 'a quotation'], { operations })).stdout).toContain('false_positive');
  expect(asked).toEqual([['id-1', { human_id: 'dr-kim', outcome: 'false_positive', notes: 'a quotation' }]]);
  expect((await ao(argv, { operations })).code).toBe(2);
  const machine = ['safety', 'interventions', 'resolve', 'id-1', '--by', 'system', '--notes', 'x'];
  expect((await ao(machine, { operations })).code).toBe(2);
});

test('a session is released', async () => {
  const operations = { releaseSession: async () => ({ session_id: 'me', was_held: true }) };
  const { stdout } = await ao(['safety', 'interventions', 'release', 'me'], { operations });
  expect(stdout).toContain('plays on');
});

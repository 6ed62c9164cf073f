import { describe, expect, test } from 'vitest';
import { reportCsv } from '../../../../src/safety/report/csv.ts';
import { answerTimes } from '../../../../src/safety/report/figures.ts';
import { healthOf, type HealthFacts } from '../../../../src/safety/report/health.ts';
import { bucketMs, bucketOf, statsHour } from '../../../../src/safety/record/stats.ts';

const WELL: HealthFacts = {
  active: 10,
  emergencies: 5,
  overdue: 0,
  unreadable: 0,
  rulesLoaded: true,
  rulesError: null,
  successPercent: 80,
  notificationPercent: 90,
  alerts: 20,
  walPending: 0,
};

describe('the health of safety', () => {
  test('is well up to each limit, and where nothing is known', () => {
    expect(healthOf(WELL)).toEqual({ status: 'healthy', reasons: [] });
    const unknown = { rulesLoaded: null, successPercent: null, notificationPercent: null };
    expect(healthOf({ ...WELL, ...unknown }).status).toBe('healthy');
  });

  test.each([
    ['critical', { active: 11 }],
    ['critical', { emergencies: 6 }],
    ['critical', { overdue: 1 }],
    ['critical', { rulesLoaded: false }],
    ['critical', { unreadable: 1 }],
    ['warning', { successPercent: 79.9 }],
    ['warning', { notificationPercent: 89 }],
    ['warning', { alerts: 21 }],
    ['warning', { rulesError: 'not JSON' }],
    ['warning', { walPending: 1 }],
  ] as const)('is %s with %j', (status, facts) => {
    const health = healthOf({ ...WELL, ...facts });
    expect(health.status).toBe(status);
    expect(health.reasons).toHaveLength(1);
  });
});

test('a quantile of the answers is right within five percent', () => {
  const counts = new Map<string, number>([
    ['answer:n', 100],
    ['answer:ms', 0],
  ]);
  for (let ms = 1; ms <= 100; ms++) {
    const field = `answer:b${bucketOf(ms)}`;
    counts.set(field, (counts.get(field) ?? 0) + 1);
  }
  const { p95 } = answerTimes(counts);
  expect(Math.abs(p95! - 95) / 95).toBeLessThan(0.05);
  expect(bucketMs(bucketOf(0))).toBe(1);
});

test('hours are named by UTC', () => {
  expect(statsHour(Date.UTC(2026, 0, 2, 3, 59, 59, 999))).toBe('2026010203');
});

test('cells with commas and quotes are quoted, unknown values empty', () => {
  const document = { a: { b: null, c: 1.5 }, recommendations: ['say "a", then b'] } as never;
  expect(reportCsv(document)).toBe(
    'section,name,value\r\na,b,\r\na,c,1.5\r\nrecommendations,1,"say ""a"", then b"\r\n',
  );
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offersOf } from '../../../../src/coordination/capabilities/match/offer.ts';
import {
  firstOffers,
  SORT_KEYS,
  type LiveOffer,
  type Ranking,
} from '../../../../src/coordination/capabilities/match/rank.ts';
import { AgentCapabilitySet } from '../../../../src/coordination/models/capability.ts';

interface Seed {
  readonly agent?: string;
  readonly name?: string;
  readonly version?: string;
  readonly score?: number;
  readonly load?: number;
  readonly duration?: number | null;
  readonly isPreferred?: boolean;
}

function live(seed: Seed): LiveOffer {
  const { agent = 'a:1', name = 'weave', version = '1.0.0', score = 0.5, load = 0, duration = null } = seed;
  const capability = { name, type: 'generation', version, estimated_duration_ms: duration };
  const [offer] = offersOf(AgentCapabilitySet.parse({ agent_id: agent, capabilities: [capability] }));
  const scored = {
    offer: offer!,
    score,
    isExact: false,
    isVersionMatch: true,
    isPerformanceMatch: true,
    isPreferred: seed.isPreferred ?? false,
  };
  return { scored, score, vitals: { isAlive: true, isRunning: true, load } };
}

const DEFAULT: Ranking = { sortBy: 'match_score', isDescending: true, preferExactVersion: true };
const rank = (offers: readonly LiveOffer[], ranking: Ranking): LiveOffer[] =>
  firstOffers(offers, offers.length, ranking);
const order = (seeds: readonly Seed[], ranking: Partial<Ranking> = {}): string[] =>
  rank(seeds.map(live), { ...DEFAULT, ...ranking }).map(({ scored }) => scored.offer.agent);

describe('matches come', () => {
  test('by score, then version, then load, then text form', () => {
    expect(
      order([
        { agent: 'b:9', score: 0.9, version: '2.0.0' },
        { agent: 'b:8', score: 0.9, version: '10.0.0', load: 0.5 },
        { agent: 'b:7', score: 0.9, version: '10.0.0', load: 0.2 },
        { agent: 'b:2', score: 0.9, version: '10.0.0', load: 0.5 },
        { agent: 'b:1', score: 0.8, version: '99.0.0' },
        { agent: 'b:0', score: 1, version: '0.1.0', load: 0.8 },
      ]),
    ).toEqual(['b:0', 'b:7', 'b:2', 'b:8', 'b:9', 'b:1']);
  });

  test('with the preferred version before later ones, unless that is turned off', () => {
    const seeds = [
      { agent: 'a:1', version: '2.0.0' },
      { agent: 'a:2', version: '1.0.0', isPreferred: true },
    ];
    expect(order(seeds)).toEqual(['a:2', 'a:1']);
    expect(order(seeds, { preferExactVersion: false })).toEqual(['a:1', 'a:2']);
    expect(order([{ agent: 'a:1', score: 0.9 }, ...seeds])[0]).toBe('a:1');
  });

  test('by load or duration in both directions, what nobody estimated last', () => {
    const seeds = [
      { agent: 'a:1', load: 0.5, duration: 20 },
      { agent: 'a:2', load: 0.1, duration: null },
      { agent: 'a:3', load: 0.3, duration: 10 },
    ];
    expect(order(seeds, { sortBy: 'agent_load', isDescending: false })).toEqual(['a:2', 'a:3', 'a:1']);
    expect(order(seeds, { sortBy: 'agent_load', isDescending: true })).toEqual(['a:1', 'a:3', 'a:2']);
    expect(order(seeds, { sortBy: 'estimated_duration', isDescending: false })).toEqual([
      'a:3',
      'a:1',
      'a:2',
    ]);
    expect(order(seeds, { sortBy: 'estimated_duration', isDescending: true })).toEqual(['a:1', 'a:3', 'a:2']);
  });

  test('worst first when that is asked for, with equals in their usual order', () => {
    const seeds = [
      { agent: 'a:1', score: 0.9 },
      { agent: 'a:3', score: 0.2 },
      { agent: 'a:2', score: 0.2 },
    ];
    expect(order(seeds, { isDescending: false })).toEqual(['a:2', 'a:3', 'a:1']);
  });
});

describe('whatever matches', () => {
  const seed = fc.record({
    agent: fc.constantFrom('a:1', 'a:2', 'b:1'),
    name: fc.constantFrom('x', 'y'),
    version: fc.constantFrom('1.0.0', '1.0.0-rc.1', '10.0.0', '2.0.0', '2.0.0+build'),
    score: fc.constantFrom(0.5, 0.84, 1),
    load: fc.constantFrom(0, 0.3, 0.8),
    duration: fc.constantFrom(null, 1, 2),
    isPreferred: fc.boolean(),
  });
  const seeds = fc.uniqueArray(seed, {
    maxLength: 30,
    selector: ({ agent, name, version }) => `${agent} ${name} ${version}`,
  });
  const ranking = fc.record({
    sortBy: fc.constantFrom(...SORT_KEYS),
    isDescending: fc.boolean(),
    preferExactVersion: fc.boolean(),
  });

  test('has one order, from whichever order it came', () => {
    fc.assert(
      fc.property(seeds, ranking, fc.infiniteStream(fc.nat()), (all, how, dice) => {
        const offers = all.map(live);
        const shuffled = offers.map((one) => ({ one, at: dice.next().value })).sort((a, b) => a.at - b.at);
        expect(
          rank(
            shuffled.map(({ one }) => one),
            how,
          ),
        ).toEqual(rank(offers, how));
      }),
    );
  });

  test('begins with the same ones, however few are asked for', () => {
    fc.assert(
      fc.property(seeds, ranking, fc.integer({ min: 1, max: 12 }), (all, how, count) => {
        const offers = all.map(live);
        expect(firstOffers(offers, count, how)).toEqual(rank(offers, how).slice(0, count));
      }),
    );
  });

  test('nothing is lost or added', () => {
    fc.assert(
      fc.property(seeds, ranking, (all, how) => {
        const offers = all.map(live);
        expect(new Set(rank(offers, how))).toEqual(new Set(offers));
      }),
    );
  });
});

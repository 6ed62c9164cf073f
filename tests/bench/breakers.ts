import CircuitBreaker from 'opossum';
import { closeRedis, connectRedis } from '../../src/redis/connect.ts';
import { createBreakers } from '../../src/resilience/breakers.ts';
import { createSharedBreakers } from '../../src/resilience/shared/shared-breakers.ts';
import { testPrefix } from '../support/redis.ts';
import { spread, type Spread } from './statistics.ts';

export interface BreakersPlan {
  readonly rounds: number;
  readonly callsPerRound: number;
}

export const BREAKER_SUBJECTS = ['bare call', 'bare opossum', 'local breaker', 'shared breaker'] as const;
type SubjectName = (typeof BREAKER_SUBJECTS)[number];

export interface BreakersFigures {
  readonly rounds: number;
  readonly callsPerRound: number;
  /** Microseconds of CPU for one call of a closed circuit, one after the other; neighbours do not change them. */
  readonly microsPerCall: Readonly<Record<SubjectName, Spread>>;
  /** Over the bare call of the same round. */
  readonly addedMicros: Readonly<Record<Exclude<SubjectName, 'bare call'>, Spread>>;
  /** Commands that the shared breaker gave, per thousand calls. */
  readonly commandsPerThousand: number;
}

const TIMEOUT_MS = 5000;
const NAME = 'provider.bench';

/** What is called takes no time of its own. */
const work = async (): Promise<number> => 1;

/** Rounds of all in turn, in the opposite order every second time; the first round warms up. */
export async function measureBreakers(redisUrl: string, plan: BreakersPlan): Promise<BreakersFigures> {
  const redis = await connectRedis({ url: redisUrl, name: 'bench', onOutage: 'fail_fast' });
  const subscriber = await connectRedis({ url: redisUrl, name: 'bench', onOutage: 'fail_fast' });
  const opossum = new CircuitBreaker(work, { timeout: TIMEOUT_MS });
  const local = createBreakers();
  const shared = createSharedBreakers({ redis, subscriber, prefix: testPrefix() });
  const ofLocal = local.get(NAME);
  const ofShared = shared.get(NAME);
  const subjects: Readonly<Record<SubjectName, () => Promise<unknown>>> = {
    'bare call': work,
    'bare opossum': () => opossum.fire(),
    'local breaker': () => ofLocal.execute(work, { timeoutMs: TIMEOUT_MS }),
    'shared breaker': () => ofShared.execute(work, { timeoutMs: TIMEOUT_MS }),
  };
  const micros: Record<SubjectName, number[]> = {
    'bare call': [],
    'bare opossum': [],
    'local breaker': [],
    'shared breaker': [],
  };
  let commands = 0;
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...args) => {
    commands += 1;
    return send(...args);
  };
  try {
    for (let round = -1; round < plan.rounds; round += 1) {
      if (round === 0) commands = 0;
      const order = round % 2 === 0 ? BREAKER_SUBJECTS : BREAKER_SUBJECTS.toReversed();
      for (const name of order) {
        const call = subjects[name];
        const before = process.cpuUsage();
        for (let index = 0; index < plan.callsPerRound; index += 1) await call();
        const { user, system } = process.cpuUsage(before);
        const each = (user + system) / plan.callsPerRound;
        if (round >= 0) micros[name].push(each);
      }
    }
  } finally {
    opossum.shutdown();
    await local.stop();
    await shared.stop();
    await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
  }
  const added = (name: SubjectName): Spread =>
    spread(micros[name].map((value, round) => value - micros['bare call'][round]!));
  return {
    rounds: plan.rounds,
    callsPerRound: plan.callsPerRound,
    microsPerCall: {
      'bare call': spread(micros['bare call']),
      'bare opossum': spread(micros['bare opossum']),
      'local breaker': spread(micros['local breaker']),
      'shared breaker': spread(micros['shared breaker']),
    },
    addedMicros: {
      'bare opossum': added('bare opossum'),
      'local breaker': added('local breaker'),
      'shared breaker': added('shared breaker'),
    },
    commandsPerThousand: (commands * 1000) / (plan.rounds * plan.callsPerRound),
  };
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import { toIso } from '../../kernel/clock.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { PeopleCaller, Pseudonyms } from '../ports.ts';
import { sessionPseudonym } from '../pseudonyms.ts';
import { addAudit } from '../record/add-audit.ts';
import { PendingWork } from './pending-work.ts';

/** A story that may not be told, and for whom it was. */
export interface WithheldStory {
  readonly text: string;
  readonly categories: readonly string[];
  /** Equal when the same story of the same step is withheld again. */
  readonly key: string;
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
}

export interface WithheldStories {
  /** Keeps the story for administrators and counts it. Never rejects. One round trip, of at most a second. */
  withhold(story: WithheldStory): Promise<void>;
  settled(): Promise<void>;
}

export interface WithheldOptions {
  readonly store: RedisStore;
  readonly people: PeopleCaller;
  readonly pseudonyms: Pseudonyms;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'safety_output_blocked_total'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly settings: {
    readonly repeatLimit: number;
    readonly windowMs: number;
    /** For so long it is remembered that stories were withheld. */
    readonly rememberSeconds: number;
  };
}

const KEEP_SECONDS = 86_400;
const MOST_CHARS = 20_000;

/**
 * KEYS 1 quarantine, and for a session 2 its safety 3 the session
 * ARGV 1 the story as JSON 2 seconds it is kept 3 its id 4 now 5 since when it counts 6 limit 7 seconds the count is kept
 * Returns how many stories of the session were withheld within the window, 0 without a session.
 * From the limit on the session is told nothing that is made up, until `neutral_only` and `withheld` are deleted.
 */
const WITHHOLD = defineScript(
  'withhold-story',
  `
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if not KEYS[2] then return 0 end
local kept = {}
for at, id in string.gmatch(redis.call('HGET', KEYS[2], 'withheld') or '', '(%d+):(%w+)') do
  if tonumber(at) > tonumber(ARGV[5]) and id ~= ARGV[3] then
    kept[#kept + 1] = at .. ':' .. id
  end
end
kept[#kept + 1] = ARGV[4] .. ':' .. ARGV[3]
while #kept > 100 do table.remove(kept, 1) end
-- -1: it is kept for ever, because the session is held; -2: there is none yet.
local ttl = redis.call('TTL', KEYS[2])
redis.call('HSET', KEYS[2], 'withheld', table.concat(kept, ','))
if ttl ~= -1 and ttl < tonumber(ARGV[7]) then redis.call('EXPIRE', KEYS[2], ARGV[7]) end
if #kept >= tonumber(ARGV[6]) and redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HSET', KEYS[3], 'neutral_only', '1')
end
return #kept
`,
);

/** KEYS 1 safety of the session 2 the session */
const RELEASE = defineScript(
  'release-stories',
  `
redis.call('HDEL', KEYS[1], 'withheld')
return redis.call('HDEL', KEYS[2], 'neutral_only')
`,
);

/** Source: spec, safety 11, "Repeated failure" */
export function createWithheldStories(options: WithheldOptions): WithheldStories {
  const { clock, log, metrics, people, pseudonyms, settings, store } = options;
  const pending = new PendingWork(log);

  async function keep({ text, categories, key, sessionId, userId }: WithheldStory): Promise<void> {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const nowMs = clock.now();
    for (const category of categories) metrics.safety_output_blocked_total.inc({ category });
    log.warn({ story_id: id, categories }, 'a story was withheld');
    const story = {
      story: text.slice(0, MOST_CHARS),
      categories,
      session_id: sessionId ?? null,
      at: toIso(nowMs),
    };
    const { keys } = store;
    const count = await runScript(
      store.redis,
      WITHHOLD,
      [
        keys.safetyQuarantine(id),
        ...(sessionId === undefined ? [] : [keys.safetySession(sessionId), keys.session(sessionId)]),
      ],
      [
        JSON.stringify(story),
        KEEP_SECONDS,
        id,
        nowMs,
        nowMs - settings.windowMs,
        settings.repeatLimit,
        settings.rememberSeconds,
      ],
    );
    const userHash = sessionId === undefined ? '' : pseudonyms.userHash(userId ?? null, sessionId);
    const audited = {
      event: 'story.withheld',
      actor: 'system:narrator',
      stage: 'output',
      ...(sessionId === undefined ? {} : { session_id: sessionPseudonym(sessionId), user_hash: userHash }),
      text_hmac: pseudonyms.textHmac(text),
      length: text.length,
      level: 'blocked',
      categories: categories.join(','),
    };
    await addAudit(store, audited, nowMs);
    if (sessionId === undefined || Number(count) < settings.repeatLimit) return;
    await people.tellOfViolations({ sessionId, userHash, count: Number(count) });
  }

  return {
    async withhold(story) {
      const keeping = keep(story);
      pending.add(keeping, {}, 'a withheld story was not kept, or nobody could be told of it');
      // Whoever tells the next story must see that there were too many; a silent Redis holds nobody up.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, WAIT_LIMIT_MS);
      });
      await Promise.race([keeping.catch(() => undefined), late]);
      clearTimeout(timer);
    },
    settled: () => pending.settled(),
  };
}

const WAIT_LIMIT_MS = 1000;

/** Stories of the session may be made up again. */
export async function releaseStories(store: RedisStore, sessionId: string): Promise<void> {
  const { keys } = store;
  await runScript(store.redis, RELEASE, [keys.safetySession(sessionId), keys.session(sessionId)], []);
}

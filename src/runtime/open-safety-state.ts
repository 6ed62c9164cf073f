import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { WrittenCrisis } from '../safety/ports.ts';
import { CrisisLog } from '../safety/interventions/log.ts';
import { withLog } from '../safety/interventions/with-log.ts';
import { createInterventionStore, type OpenInterventionStore } from '../safety/interventions/store.ts';
import type { Pseudonyms } from '../safety/ports.ts';
import { createPseudonyms } from '../safety/pseudonyms.ts';
import { SafetyTally } from '../safety/record/tally.ts';
import type { Core } from './core.ts';
import { fleetSecret } from './fleet-secret.ts';

/** A player in need does not wait longer for Redis. */
const CRISIS_WITHIN_MS = 500;
const DEFAULT_LOG = join('.ao', 'safety.wal');

/** What a process remembers of the safety of players, and where it remembers it while Redis is away. */
export interface SafetyState {
  readonly pseudonyms: Pseudonyms;
  /** Crises go to the disk when Redis does not take them. */
  readonly interventions: OpenInterventionStore;
  readonly log: CrisisLog;
  readonly tally: SafetyTally;
  /** Writes what waits, and what was counted, from now on; needed where players' texts are judged. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Errors: backend_unavailable
 * @param onWritten  a crisis that had waited on the disk stands in Redis now
 */
export async function openSafetyState(
  core: Pick<Core, 'config' | 'store' | 'clock' | 'log' | 'metrics'>,
  onWritten?: (written: WrittenCrisis) => void,
): Promise<SafetyState> {
  const { config, store, clock, log, metrics } = core;
  const settings = config.safety;
  const secret = settings.hmac_secret ?? derived(await fleetSecret(store));
  const pseudonyms = createPseudonyms(secret);
  const direct = createInterventionStore({ store, clock, settings, pseudonyms, log, metrics });
  const crisisLog = new CrisisLog({
    file: settings.wal_file ?? DEFAULT_LOG,
    write: (crisis) => direct.writeCrisis(crisis),
    log,
    metrics,
    ...(onWritten === undefined ? {} : { onWritten }),
  });
  const tally = new SafetyTally({
    store,
    clock,
    metrics,
    onError: (error) => log.debug({ err: error }, 'counts of safety could not be written'),
  });
  return {
    pseudonyms,
    interventions: withLog(direct, { log: crisisLog, withinMs: CRISIS_WITHIN_MS }),
    log: crisisLog,
    tally,
    async start() {
      await Promise.all([crisisLog.start(), tally.start()]);
    },
    async stop() {
      await Promise.all([crisisLog.stop(), tally.stop()]);
    },
  };
}

/** How many interventions are open, read at each scrape. */
export function exportInterventions(
  { metrics }: Pick<Core, 'metrics'>,
  { interventions }: Pick<SafetyState, 'interventions'>,
): void {
  metrics.onScrape(async () => {
    const counts = await interventions.countActive();
    for (const [level, n] of Object.entries(counts)) metrics.safety_interventions_active.set({ level }, n);
  });
}

/** The secret of the fleet signs other things, too. */
function derived(secret: Buffer): Buffer {
  return createHmac('sha256', secret).update('pseudonyms of safety').digest();
}

import { readSafetyData } from '../../config/safety-data.ts';
import { compileLexicon } from '../../src/safety/lexicon/compile.ts';
import { startRules } from './live-rules.ts';

/**
 * A process that judges as fast as it can, and tells its parent which rules it judged by.
 * Arguments: address of Redis, key prefix. Messages: `{ version }` when other rules hold; at `stop` the counts.
 */
const [redisUrl = '', prefix = ''] = process.argv.slice(2);
const lexicons = new Map([['en', compileLexicon(readSafetyData('en'))]]);
await using one = await startRules({ redisUrl, prefix, lexicons, settings: { ttlMs: 2000 } });
const order = { isStopping: false };
process.on('message', () => (order.isStopping = true));

let judged = 0;
let failed = 0;
let missed = 0;
let held = '';
while (!order.isStopping) {
  for (let i = 0; i < 200; i++) {
    try {
      const result = one.rules.validatorFor().validateText('I want to kill myself', { includeAudit: false });
      judged++;
      if (!result.crisis_detected) missed++;
      if (result.rules_version !== held) {
        held = result.rules_version;
        process.send?.({ version: held });
      }
    } catch {
      failed++;
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
}
await new Promise((resolve) => process.send?.({ judged, failed, missed }, resolve));
process.disconnect();

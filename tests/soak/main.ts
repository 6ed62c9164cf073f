import { parseArgs } from 'node:util';
import { acquireRedis } from '../../src/testing/own-redis.ts';
import { soak } from './soak.ts';

// The soak from the command line: `npm run soak -- [--runs 5000] [--kills 120] [--kill-every-ms 1000] …`. A table for
// people on stderr, one JSON document on stdout, exit 1 when anything was violated.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    plans: { type: 'string', default: '500' },
    kills: { type: 'string', default: '120' },
    'kill-every-ms': { type: 'string', default: '1000' },
    workers: { type: 'string', default: '3' },
    coordinators: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'ends-within-seconds': { type: 'string', default: '300' },
  },
});

await using redis = await acquireRedis();
const report = await soak({
  redisUrl: redis.url,
  runs: Number(values.runs),
  plans: Number(values.plans),
  kills: Number(values.kills),
  killEveryMs: Number(values['kill-every-ms']),
  workers: Number(values.workers),
  coordinators: Number(values.coordinators),
  seed: Number(values.seed),
  endsWithinSeconds: Number(values['ends-within-seconds']),
});

const { violations, kills, statuses, late, ...figures } = report;
const rows: [string, string | number][] = [
  ...Object.entries(figures),
  ['kills', `${kills.worker} workers, ${kills.coordinator} coordinators`],
  [
    'statuses',
    Object.entries(statuses)
      .map(([status, count]) => `${count} ${status}`)
      .join(', '),
  ],
  [
    'late',
    Object.entries(late)
      .map(([why, count]) => `${count} ${why}`)
      .join(', '),
  ],
  ['violations', violations.length],
];
for (const [name, value] of rows) process.stderr.write(`${name.padEnd(24)}${value}\n`);
for (const violation of violations.slice(0, 50)) process.stderr.write(`violated: ${violation}\n`);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = violations.length === 0 ? 0 : 1;

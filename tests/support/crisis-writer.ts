import { CrisisLog } from '../../src/safety/interventions/log.ts';
import { withLog } from '../../src/safety/interventions/with-log.ts';
import { crisisOf, openStore } from './interventions.ts';

/**
 * A process that writes crises of one session: `node crisis-writer.ts <url> <prefix> <work> <name> [count or file]`.
 * `race` writes so many and ends; `die` writes one and is killed before it can say so; `log` appends so many to the file
 * and is killed.
 */
const [url = '', prefix = '', work = '', name = '', last = ''] = process.argv.slice(2);

if (work === 'log') {
  const log = new CrisisLog({
    file: last,
    write: () => Promise.reject(new Error('not asked')),
    log: { error: () => {}, warn: () => {} } as never,
  });
  for (let i = 0; i < 3; i++) await log.append(crisisOf({ requestId: `${name}-${i}` }));
  process.kill(process.pid, 'SIGKILL');
}
await using h = await openStore(url, { prefix, onOutage: 'patient' });
const store = withLog(h.interventions, {
  log: { append: () => Promise.reject(new Error('Redis was away')) },
  // A busy machine is no Redis that is away.
  withinMs: 25_000,
});
if (work === 'die') {
  void store.writeCrisis(crisisOf({ requestId: name })).then(() => process.kill(process.pid, 'SIGKILL'));
  await new Promise(() => setInterval(() => {}, 1000));
} else {
  const crises = Array.from({ length: Number(last) }, (_, i) => crisisOf({ requestId: `${name}-${i}` }));
  const written = await Promise.all(crises.map((crisis) => store.writeCrisis(crisis)));
  process.stdout.write(`${written.filter(({ isNew }) => isNew).length}\n`);
}

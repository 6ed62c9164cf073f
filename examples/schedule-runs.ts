// A run that is started again and again, and one that begins later: node examples/schedule-runs.ts [API address]
import { connect } from './connect.ts';

const fleet = connect();
const input = { text: 'look around' };

const name = `example-${Date.now()}`;
await fleet.putSchedule(name, { workflow: 'input_processing', input, every_ms: 60_000, overlap: 'skip' });
let { last } = await fleet.getSchedule(name);
while (last?.run_id === undefined) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  ({ last } = await fleet.getSchedule(name));
}
const first = await fleet.waitForRun(last.run_id, { signal: AbortSignal.timeout(30_000) });
console.log(`${name} started a run: ${first.status}`);
await fleet.deleteSchedule(name);

const later = await fleet.startRun('input_processing', { input, delay_ms: 1000, dedup_id: name });
if (later.done) throw new Error('a delayed run does not end at once');
const { summary } = await fleet.whyRun(later.accepted.run_id);
console.log(summary);
const second = await fleet.waitForRun(later.accepted.run_id, { signal: AbortSignal.timeout(30_000) });
console.log(`${second.run_id} ${second.status}`);

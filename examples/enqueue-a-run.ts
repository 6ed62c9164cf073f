// A run that is started once, however often it is asked for: node examples/enqueue-a-run.ts [API address]
import { connect } from './connect.ts';

const fleet = connect();
const { session_id } = await fleet.createSession();
const request = { input: { text: 'look around' }, session_id };

// A key of your own, for example the id of an order: a repeat after a lost answer finds the first one.
const idempotencyKey = `example-${session_id}`;
const first = await fleet.startRun('collaborative', request, { idempotencyKey });
const again = await fleet.startRun('collaborative', request, { idempotencyKey });
if (first.done || again.done) throw new Error('without wait_ms the answer comes before the end');
console.log(`asked twice, one run: ${first.accepted.run_id === again.accepted.run_id}`);

const run = await fleet.waitForRun(first.accepted.run_id, { signal: AbortSignal.timeout(30_000) });
console.log(`${run.run_id} ${run.status}: ${run.completed_steps.join(', ')}`);

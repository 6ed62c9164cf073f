// What happens in a run, as it happens: node examples/watch-a-run.ts [API address]
import { connect } from './connect.ts';

const fleet = connect();
const { session_id } = await fleet.createSession();
const turn = await fleet.submitTurn(session_id, { text: 'go north', wait_ms: 0 });
if (turn.done) throw new Error('without wait_ms the answer comes before the end');

// A connection that breaks is made again after the last event: none is lost and none comes twice.
for await (const event of fleet.runEvents(turn.accepted.run_id)) {
  console.log(event.at, event.type, event.step ?? '', JSON.stringify(event.data ?? {}));
}

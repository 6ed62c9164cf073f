// Taking a turn back: node examples/roll-back-a-turn.ts [API address]
import { connect } from './connect.ts';

const fleet = connect();
const { session_id } = await fleet.createSession();
const turn = await fleet.submitTurn(session_id, { text: 'go north', wait_ms: 25_000 });
if (!turn.done) throw new Error(`run ${turn.accepted.run_id} takes longer than a request may wait`);
const { run_id } = turn.response.workflow_metadata;
if (run_id === null) throw new Error('the line itself was answered: there is no run to take back');
const turns = async (): Promise<number> => (await fleet.listTurns(session_id)).items.length;
console.log(`the session has ${await turns()} turn`);

// The newest effect first: the turn in the history, then the move in the world.
const { executed } = await fleet.rollbackRun(run_id, { reason: 'the player thought better of it' });
console.log(`${executed} effects undone, the session has ${await turns()} turns`);

// What is undone stays undone.
const again = await fleet.rollbackRun(run_id);
console.log(`asked again: ${again.executed} undone, ${again.skipped} were before`);
for (const entry of (await fleet.rollbackHistory(run_id)).history) {
  // Early warnings and repairs stand there too.
  if (entry.kind === 'rollback') console.log(entry.at, entry.outcome, entry.reason ?? '');
}

// A player's line and the story that answers it: node examples/play-a-turn.ts [API address]
import { connect } from './connect.ts';

const fleet = connect();
const { session_id: session } = await fleet.createSession();

for (const text of ['look around', 'take the journal and go north']) {
  console.log(`> ${text}`);
  // Most turns are answered while the call waits; one that takes longer goes on by itself.
  const turn = await fleet.submitTurn(session, { text, wait_ms: 10_000 });
  if (turn.done) console.log(`${turn.response.response_text}\n`);
  else console.log(`still at it: ${(await fleet.waitForRun(turn.accepted.run_id)).status}\n`);
}

const { items } = await fleet.listTurns(session);
console.log(`the session remembers ${items.length} turns`);

// What failed for good, and trying it again: node examples/dead-letters.ts [API address [dead letter id]]
// With an id it is replayed: a step resumes its run, a job that stands alone runs again.
import { connect } from './connect.ts';

const fleet = connect();
const [, , , chosen] = process.argv;

if (chosen === undefined) {
  const { items } = await fleet.listDeadLetters({ limit: 20 });
  for (const letter of items) {
    console.log(`${letter.dlq_id}  ${letter.dead_at}  after ${letter.attempts} attempts`);
    console.log(`  ${letter.error}`);
  }
  console.log(`${items.length} dead letters`);
} else {
  const { job_id } = await fleet.replayDeadLetter(chosen);
  console.log(`queued again: ${job_id}`);
}

// A workflow as JSON: registered, run, and deleted again: node examples/register-a-workflow.ts [API address]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetClientError } from '../src/client/client.ts';
import { connect } from './connect.ts';

const fleet = connect();
const file = join(import.meta.dirname, 'definitions/patient-guide.json');
const content: unknown = JSON.parse(await readFile(file, 'utf8'));

const { definition, created } = await fleet.putDefinition(content);
const { name, version, graph } = definition;
const nodes = graph.nodes.filter(({ kind }) => kind === 'bind').map((node) => node.name);
console.log(`${name}@${version} ${created ? 'is registered' : 'stood there'}: ${nodes.join(', ')}`);

// Whoever has version 1 in mind cannot get something else under it.
try {
  await fleet.putDefinition({ ...Object(content), version, output: 'something else' });
} catch (error) {
  if (!(error instanceof FleetClientError)) throw error;
  console.log(`other content under the same version: ${error.code}`);
}

const input = { lines: ['go north', 'take the lamp'], mood: 'I feel anxious' };
const started = await fleet.startRun(name, { input, version });
if (started.done) throw new Error('without wait_ms the answer comes before the end');
const run = await fleet.waitForRun(started.accepted.run_id, { signal: AbortSignal.timeout(30_000) });
const { heard, emotion, advice } = run.output as {
  heard: { heard: { intent: string } }[];
  emotion: string;
  advice: string;
};
const intents = heard.map((line) => line.heard.intent);
console.log(`${run.status}: ${intents.join(', ')}; ${emotion}: ${advice}`);

await fleet.deleteDefinition(name);
console.log(`${name} is deleted`);

// A story piece by piece, then as a step of a plan: node examples/primitives/streaming.ts ["a topic"]
import { make } from '../../src/primitives/compose/make.ts';
import { runInProcess } from '../../src/primitives/in-process/run.ts';
import { ScriptedModel } from '../../src/models/scripted.ts';
import { EXAMPLE_RULES } from '../../src/workflows/examples/model-rules.ts';
import { localExamplePorts } from '../../src/workflows/examples/ports.ts';
import { storyStream, streamingWorkflow } from '../../src/workflows/examples/streaming.ts';

const [, , topic = 'a lantern'] = process.argv;
const model = new ScriptedModel({ rules: EXAMPLE_RULES, chunkPauseMs: 4 });
const ports = { ...localExamplePorts(), model };

// As fast as it is taken; leaving the loop ends the generator.
const { signal } = new AbortController();
for await (const piece of storyStream(ports).open({ topic }, { signal })) {
  process.stdout.write(`${piece}|`);
}
console.log();

const { plan, input } = streamingWorkflow(ports);
const { output } = await runInProcess(make(plan), input.parse({ topic }));
console.log(JSON.stringify(output, null, 2));

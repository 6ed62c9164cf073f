// A search that judges itself: node examples/primitives/agentic-rag.ts ["a question"]
// A router chooses where to look; what is found and what is answered is graded, and the question is refined.
import { make } from '../../src/primitives/compose/make.ts';
import { runInProcess } from '../../src/primitives/in-process/run.ts';
import { agenticRagWorkflow } from '../../src/workflows/examples/agentic-rag.ts';
import { localExamplePorts } from '../../src/workflows/examples/ports.ts';

const [, , query = 'I am scared of storms, where can I go?'] = process.argv;
const { plan, input } = agenticRagWorkflow(localExamplePorts());
const { output, trace, branches } = await runInProcess(make(plan), input.parse({ query }));

for (const { path, durationMs } of trace) console.log(`${String(durationMs).padStart(5)} ms  ${path}`);
for (const { path, branch } of branches) console.log(`${path} chose ${branch}`);
console.log(JSON.stringify(output, null, 2));

// A team: a coordinator splits the request, four kinds of agents do the parts, and what fails fails alone:
// node examples/primitives/multi-agent.ts ["a request"]
import { make } from '../../src/primitives/compose/make.ts';
import { runInProcess } from '../../src/primitives/in-process/run.ts';
import { multiAgentWorkflow } from '../../src/workflows/examples/multi-agent.ts';
import { localExamplePorts } from '../../src/workflows/examples/ports.ts';

const REQUEST =
  'Compute the average of 4, 8 and 12. Find out where the lighthouse stands; check whether the market opens in ' +
  'the morning. Summarize: a lantern is worth two favours, bread is worth one. Ask the painter to draw a map.';

const [, , request = REQUEST] = process.argv;
const { plan, input } = multiAgentWorkflow(localExamplePorts());
const { output } = await runInProcess(make(plan), input.parse({ request }));
console.log(JSON.stringify(output, null, 2));

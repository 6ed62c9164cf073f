// An answer from documents, with citations: node examples/primitives/rag.ts ["a question"]
// Nothing is asked of any network: the model follows rules, and the search reads examples/data.
import { make } from '../../src/primitives/compose/make.ts';
import { createCache } from '../../src/primitives/cache/cache.ts';
import { runInProcess } from '../../src/primitives/in-process/run.ts';
import { localExamplePorts } from '../../src/workflows/examples/ports.ts';
import { ragWorkflow } from '../../src/workflows/examples/rag.ts';

const [, , query = 'How does slow breathing calm a racing heart?'] = process.argv;
const { plan, input } = ragWorkflow(localExamplePorts());
const cache = createCache();

// Asked twice: the second search is answered from the cache.
for (let round = 1; round <= 2; round++) {
  const { output } = await runInProcess(make(plan), input.parse({ query }), { cache });
  console.log(JSON.stringify(output, null, 2));
}

import { join } from 'node:path';
import { Bm25Index } from '../../src/models/bm25.ts';
import type { ModelPort, ModelRequest } from '../../src/models/model-port.ts';
import { ScriptedModel } from '../../src/models/scripted.ts';
import { make } from '../../src/primitives/compose/make.ts';
import { testRun, type TestRun, type TestRunOptions } from '../../src/primitives/testing/test-run.ts';
import { readDocuments } from '../../src/workflows/examples/documents.ts';
import { EXAMPLE_RULES } from '../../src/workflows/examples/model-rules.ts';
import { EXAMPLE_PRICES, type CostPorts, type ExampleWorkflow } from '../../src/workflows/examples/ports.ts';
import { memoryCosts, type MemoryCosts } from './memory-costs.ts';

const FOLDER = join(import.meta.dirname, '../../examples/data');
// Read beforehand: a clock that does not wait does not wait for files either.
const documents = new Bm25Index(await readDocuments(FOLDER));
const web = new Bm25Index(await readDocuments(join(FOLDER, 'web')));

export interface TestPorts extends CostPorts {
  readonly costs: MemoryCosts;
  /** What the model was asked, in order. */
  readonly requests: readonly ModelRequest[];
}

/** The examples' own ports in memory; `instead` answers for the model, or throws, where it says something. */
export function testPorts(
  instead: (request: ModelRequest, call: number) => string | undefined = () => undefined,
  ports: Partial<CostPorts> = {},
): TestPorts {
  const requests: ModelRequest[] = [];
  const scripted = new ScriptedModel({ rules: EXAMPLE_RULES });
  const answering = (request: ModelRequest): ModelPort => {
    requests.push(request);
    const said = instead(request, requests.length);
    return said === undefined ? scripted : new ScriptedModel({ rules: [{ when: /^/, say: () => said }] });
  };
  return {
    model: {
      generate: async (request, ctx) => answering(request).generate(request, ctx),
      stream: (request, ctx) => answering(request).stream(request, ctx),
    },
    documents,
    web,
    prices: EXAMPLE_PRICES,
    ...ports,
    costs: memoryCosts(ports.prices ?? EXAMPLE_PRICES),
    requests,
  };
}

/** The workflow as a run of it in process would go, without waiting. Errors: ZodError for an input it refuses */
export function runExample(
  { plan, input: schema }: ExampleWorkflow,
  input: unknown,
  options: TestRunOptions = {},
): Promise<TestRun<unknown>> {
  return testRun(make<unknown, unknown>(plan), schema.parse(input), options);
}

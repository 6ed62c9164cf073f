import { join } from 'node:path';
import { FleetError } from '../../kernel/errors.ts';
import type { ModelContext, ModelPort } from '../../models/model-port.ts';
import type { RetrieverPort } from '../../models/retriever-port.ts';
import { ScriptedModel } from '../../models/scripted.ts';
import type { Costs } from '../../primitives/budget/costs.ts';
import type { PriceList } from '../../primitives/budget/price-book.ts';
import type { StepContext } from '../../primitives/step-context.ts';
import type { z, ZodType } from 'zod';
import type { WorkflowDefinition } from '../definition.ts';
import { exampleFolder, folderRetriever } from './documents.ts';
import { EXAMPLE_RULES } from './model-rules.ts';

/** What the examples reach the outside through. */
export interface ExamplePorts {
  readonly model: ModelPort;
  /** The documents of the game. */
  readonly documents: RetrieverPort;
  /** What would be a search of the web. */
  readonly web: RetrieverPort;
  /** Sees every piece of a streamed answer. */
  readonly onPiece?: (piece: string) => void;
}

/** Costs and budgets; the product's keep them in Redis. */
export interface CostPorts extends ExamplePorts {
  readonly costs: Pick<Costs, 'withCost' | 'withBudget'>;
  /** The same that `costs` knows. */
  readonly prices: PriceList;
  /** The model that these prices are of; default `model`. */
  readonly pricedModel?: ModelPort;
}

/** An example, and what it needs beside its queue. */
export interface ExampleWorkflow<S extends ZodType = ZodType> extends WorkflowDefinition<S> {
  /** True: it keeps something in Redis also where it runs in process. */
  readonly needsRedis: boolean;
}

/** Steps with a handler run on any queue of an agent. */
export const EXAMPLE_QUEUE = 'nga';
export const LARGE = 'scripted-large';
export const SMALL = 'scripted-small';
/** One call of a model. */
export const MODEL_TIMEOUT_MS = 10_000;
export const RUN_TIMEOUT_MS = 60_000;

/** What models with such prices would cost; the scripted ones are free, which teaches nothing about budgets. */
export const EXAMPLE_PRICES: PriceList = {
  as_of: '2024-08-01',
  models: { [LARGE]: { input: 0.03, output: 0.06 }, [SMALL]: { input: 0.00015, output: 0.0006 } },
};

/** @param model  asked instead of the scripted one; without it there is no network, only files of `examples/data` */
export function localExamplePorts(model?: ModelPort): ExamplePorts {
  return {
    model: model ?? scriptedModel(),
    documents: folderRetriever(exampleFolder),
    web: folderRetriever(() => join(exampleFolder(), 'web')),
  };
}

/** A model that does what the examples ask of one, and is free. */
export function scriptedModel(): ModelPort {
  return new ScriptedModel({ rules: EXAMPLE_RULES });
}

/**
 * What a model said to a prompt, in the words of a schema; undefined for anything else it said. A step asks once: what
 * can be read is remembered, should the step be delivered again.
 */
export async function askForJson<S extends ZodType>(
  model: ModelPort,
  prompt: string,
  schema: S,
  ctx: ModelContext & Pick<StepContext, 'memo'>,
): Promise<z.output<S> | undefined> {
  const unread = new Error('unreadable');
  try {
    return await ctx.memo('said', async () => {
      const { text } = await model.generate({ model: SMALL, prompt, maxOutputTokens: 500 }, ctx);
      const said = schema.safeParse(jsonIn(text));
      if (!said.success) throw unread;
      return said.data;
    });
  } catch (error) {
    if (error === unread) return undefined;
    throw error;
  }
}

/** The reply may stand in a sentence or a fence; the outermost braces count. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  } catch {
    return undefined;
  }
}

/** The model's output breaks its contract; another try, or another model, often mends that. */
export function badOutput(message: string): FleetError {
  return new FleetError({ code: 'output_invalid', kind: 'internal', message });
}

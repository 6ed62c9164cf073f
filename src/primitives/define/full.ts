import type { FieldProblem } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import { z } from 'zod';
import type { RetryOptions } from '../compose/chain.ts';
import { ChainBuilder, refuseToFinish } from '../compose/chain-builder.ts';
import { make } from '../compose/make.ts';
import type { AnyPrimitive } from '../compose/primitive.ts';
import { defaultInput, type AgentLookup, type DefaultUse, type DefinedAgent } from './agents.ts';
import { predicate } from './predicates.ts';
import { reader, template, type RefuseRef } from './references.ts';
import type { FullDefinition, JsonNode, JsonStep } from './shapes.ts';
import type { JsonValue } from '../../kernel/json.ts';

/** The nodes of a definition as a chain, and what is wrong with them on the way. */
export function chainOf(
  { nodes, output }: FullDefinition,
  agents: AgentLookup,
  problems: FieldProblem[],
  defaults: DefaultUse[],
): { readonly chain: ChainBuilder; readonly output: (scope: never) => unknown } {
  const compiler = new FullCompiler(agents, problems, defaults);
  const chain = compiler.extend(new ChainBuilder([], refuseToFinish), nodes, '/nodes');
  return { chain, output: compiler.read(output, chain.visible, '/output') };
}

class FullCompiler {
  readonly #agents: AgentLookup;
  readonly #problems: FieldProblem[];
  readonly #defaults: DefaultUse[];
  /** The queues of the steps so far, by their ids. */
  readonly #queues = new Map<string, string>();

  constructor(agents: AgentLookup, problems: FieldProblem[], defaults: DefaultUse[]) {
    this.#agents = agents;
    this.#problems = problems;
    this.#defaults = defaults;
  }

  extend(chain: ChainBuilder, nodes: readonly JsonNode[], path: string): ChainBuilder {
    return nodes.reduce((before, node, index) => this.#add(before, node, `${path}/${index}`), chain);
  }

  read(value: JsonValue, visible: readonly string[], path: string): (scope: never) => unknown {
    return template(value, visible, this.#refusing(path));
  }

  #add(chain: ChainBuilder, node: JsonNode, path: string): ChainBuilder {
    const { id } = node;
    const { visible } = chain;
    switch (node.kind) {
      case 'step':
        return this.#step(chain, node, path);
      case 'wait': {
        const { timeout_ms: timeoutMs, on_timeout: onTimeout = 'fail' } = node;
        return chain.waitFor(id, z.json(), { timeoutMs, onTimeout });
      }
      case 'call': {
        const { workflow: name, version } = node;
        const input = this.read(node.input, visible, `${path}/input`);
        return chain.call(id, { name, ...(version === undefined ? {} : { version }) }, input);
      }
      case 'parallel': {
        const branches = this.#branches(node.branches, `${path}/branches`);
        return chain.parallel(id, branches, defined({ join: node.join, concurrency: node.concurrency }));
      }
      case 'when': {
        const test = predicate(node.test, visible, this.#refusing(`${path}/test`));
        const then = this.#branch(node.do, `${path}/do`);
        const otherwise = node.else === undefined ? undefined : this.#branch(node.else, `${path}/else`);
        return chain.when(id, test, then, otherwise);
      }
      case 'route': {
        const on = reader(node.on.$ref, visible, this.#refusing(`${path}/on`));
        const pick = (scope: never): string => String(on(scope));
        const fallback =
          node.default === undefined ? {} : { default: this.#branch(node.default, `${path}/default`) };
        return chain.route(id, pick, this.#branches(node.branches, `${path}/branches`), fallback);
      }
      case 'map': {
        const items = this.read(node.items, visible, `${path}/items`);
        const options = defined({
          join: node.join,
          concurrency: node.concurrency,
          maxItems: node.max_items,
        });
        return chain.map(
          id,
          (scope) => listOf(items(scope), id),
          this.#branch(node.nodes, `${path}/nodes`, true),
          options,
        );
      }
    }
  }

  #step(chain: ChainBuilder, node: JsonStep, path: string): ChainBuilder {
    const agent = this.#agent(node.agent, `${path}/agent`);
    if (agent === undefined) return chain.hole(node.id);
    const { fallback, compensate, retry, timeout_ms: timeoutMs, optional, priority, savepoint } = node;
    const input =
      node.input === undefined
        ? this.#defaultInput(agent, chain.visible)
        : this.read(node.input, chain.visible, `${path}/input`);
    this.#queues.set(node.id, agent.step.queue);
    return chain.step(node.id, {
      agent: primitiveOf(agent),
      input,
      ...defined({ timeoutMs, optional, priority, savepoint }),
      ...(retry === undefined || agent.dropsRetry === true ? {} : { retry: retryOf(retry) }),
      ...(fallback === undefined ? {} : this.#fallback(fallback, `${path}/fallback`)),
      ...(compensate === undefined ? {} : this.#compensate(compensate.agent, `${path}/compensate/agent`)),
    });
  }

  #defaultInput(agent: DefinedAgent, visible: readonly string[]) {
    const earlier = visible.flatMap((id) => {
      const queue = this.#queues.get(id);
      return queue === undefined ? [] : [{ queue, at: [id] }];
    });
    this.#defaults.push({ queue: agent.step.queue, after: earlier.map(({ queue }) => queue) });
    return defaultInput(agent, earlier);
  }

  #fallback(fallback: NonNullable<JsonStep['fallback']>, path: string) {
    if ('value' in fallback) return { fallback: { value: fallback.value as unknown } };
    const agent = this.#agent(fallback.agent, `${path}/agent`);
    return agent === undefined ? {} : { fallback: primitiveOf(agent) };
  }

  #compensate(name: string, path: string) {
    const agent = this.#agent(name, path);
    return agent === undefined ? {} : { compensate: primitiveOf(agent) };
  }

  #branches(branches: Readonly<Record<string, readonly JsonNode[]>>, path: string) {
    return Object.fromEntries(
      Object.entries(branches).map(([key, nodes]) => [key, this.#branch(nodes, `${path}/${key}`)]),
    );
  }

  #branch(nodes: readonly JsonNode[], path: string, isItem = false) {
    return (chain: ChainBuilder): ChainBuilder =>
      this.extend(isItem ? chain.knowing(['item', 'index']) : chain, nodes, path);
  }

  #agent(name: string, path: string): DefinedAgent | undefined {
    const agent = this.#agents.find(name);
    if (agent === undefined) this.#refuse(path, 'unknown_agent', unknownAgent(name, this.#agents));
    return agent;
  }

  #refusing(path: string): RefuseRef {
    return (message, code = 'unknown_ref') => this.#refuse(path, code, message);
  }

  #refuse(path: string, code: string, message: string): void {
    this.#problems.push({ path, code, message });
  }
}

export function unknownAgent(name: string, agents: AgentLookup): string {
  const known = agents.names();
  const near = nearest(name, known);
  return `no agent "${name}"; ${near === undefined ? `known: ${known.join(', ')}` : `did you mean "${near}"?`}`;
}

export function primitiveOf(agent: DefinedAgent): AnyPrimitive {
  return make(agent.step);
}

function retryOf(retry: NonNullable<JsonStep['retry']>): RetryOptions {
  const { attempts, delay_ms: delayMs, max_delay_ms: maxDelayMs, factor, jitter } = retry;
  return { attempts, ...defined({ delayMs, maxDelayMs, factor, jitter }) };
}

function listOf(value: unknown, id: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new TypeError(`"${id}" has no list to go through`);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  // What is left has a value in every field.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

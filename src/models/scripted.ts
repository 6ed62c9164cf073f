import { sleep } from '../kernel/abort.ts';
import type { ModelChunk, ModelContext, ModelPort, ModelReply, ModelRequest } from './model-port.ts';

/** What the model says to the prompts it recognises. */
export interface ScriptedRule {
  readonly when: RegExp;
  /** A pure function of the request: the same words for the same prompt. */
  say(request: ModelRequest, match: RegExpExecArray): string;
}

export interface ScriptedModelOptions {
  /** The first that recognises the prompt answers. */
  readonly rules: readonly ScriptedRule[];
  /** Said to every other prompt. */
  readonly otherwise?: string;
  /** Pause before each piece of a stream; default none. */
  readonly chunkPauseMs?: number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const CHARACTERS_PER_TOKEN = 4;

/** A model that follows rules instead of weights: no network, no chance, and usage as a provider would count it. */
export class ScriptedModel implements ModelPort {
  readonly #options: ScriptedModelOptions;

  constructor(options: ScriptedModelOptions) {
    this.#options = options;
  }

  async generate(request: ModelRequest, { signal }: ModelContext): Promise<ModelReply> {
    signal.throwIfAborted();
    return this.#reply(request);
  }

  async *stream(request: ModelRequest, { signal }: ModelContext): AsyncGenerator<ModelChunk> {
    const { chunkPauseMs = 0, pause = sleep } = this.#options;
    const { text, ...end } = this.#reply(request);
    for (const piece of text.match(/\s*\S+/g) ?? []) {
      if (chunkPauseMs > 0) await pause(chunkPauseMs, signal);
      signal.throwIfAborted();
      yield { type: 'text', text: piece };
    }
    yield { type: 'end', ...end };
  }

  #reply(request: ModelRequest): ModelReply {
    const { model, system = '', prompt, maxOutputTokens } = request;
    const said = this.#say(request);
    const text = maxOutputTokens === undefined ? said : cutOff(said, maxOutputTokens * CHARACTERS_PER_TOKEN);
    return {
      text,
      model,
      usage: { input_tokens: countTokens(system) + countTokens(prompt), output_tokens: countTokens(text) },
      finish_reason: text === said ? 'stop' : 'length',
    };
  }

  #say(request: ModelRequest): string {
    for (const rule of this.#options.rules) {
      const match = rule.when.exec(request.prompt);
      if (match !== null) return rule.say(request, match);
    }
    return this.#options.otherwise ?? 'I have no rule for this.';
  }
}

/** A rough count, as good as any for a model without a vocabulary. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** After the last whole word that fits. */
function cutOff(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const cut = text.slice(0, maxCharacters);
  return /\s/.test(text.charAt(maxCharacters)) ? cut : cut.replace(/\s*\S*$/, '');
}

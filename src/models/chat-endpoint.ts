import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, Output, parsePartialJson, streamText } from 'ai';
import { linkAbort } from '../kernel/abort.ts';
import type { TokenUsage } from '../contracts/provenance.ts';
import type { AnswerForm } from './answer-form.ts';
import type { Dialect } from './dialect.ts';
import type { Conversation } from './messages.ts';
import { withoutThoughts } from './read-answer.ts';
import { faultOfStatus, retryAfterOf, type ProviderFailure } from './provider-error.ts';
import { boundedFetch } from './bounded-fetch.ts';

/** An OpenAI-compatible endpoint: `POST {baseUrl}/chat/completions`. */
export interface ChatEndpoint {
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** Default: over the network. */
  readonly fetch?: typeof fetch;
}

export interface ChatCall extends Conversation {
  readonly model: string;
  /** Null: plain words. */
  readonly form: AnswerForm | null;
  readonly temperature: number;
  readonly maxOutputTokens: number;
  /** Asks for a stream; told of the answer while it grows. */
  readonly onPartial?: ((partial: unknown) => void) | undefined;
  /** Asks for a stream; told of every piece of text. */
  readonly onText?: (piece: string) => void;
}

export interface ChatReply {
  readonly text: string;
  /** `length`: cut off. */
  readonly finish: 'stop' | 'length' | 'refused';
  /** Undefined where the provider does not say. */
  readonly usage: TokenUsage | undefined;
}

/**
 * One request, without repeats. The only file that speaks to the AI SDK: its own retries, telemetry and warnings are
 * off, because each of them would count, show or print what belongs to others.
 *
 * Errors: the signal's reason; the SDK's own, which {@link failureOf} reads and which quote prompts and answers
 */
export async function requestChat(
  endpoint: ChatEndpoint,
  call: ChatCall,
  dialect: Dialect,
  signal: AbortSignal,
): Promise<ChatReply> {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const settings = settingsOf(endpoint, call, dialect, signal);
  if (call.onPartial !== undefined || call.onText !== undefined) return readStream(settings, call, signal);
  const { text, finishReason, usage } = await generateText(settings);
  return { text, finish: finishOf(finishReason), usage: usageOf(usage) };
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(endpoint: ChatEndpoint, call: ChatCall, dialect: Dialect, signal: AbortSignal) {
  const provider = createOpenAICompatible({
    name: 'compatible',
    baseURL: endpoint.baseUrl,
    ...(endpoint.apiKey === null ? {} : { apiKey: endpoint.apiKey }),
    fetch: endpoint.fetch ?? boundedFetch,
    supportsStructuredOutputs: dialect.format === 'json_schema',
    includeUsage: dialect.countsStreams,
    transformRequestBody: ({ max_tokens: limit, ...body }) => ({
      ...body,
      [dialect.tokenLimit]: limit as unknown,
    }),
  });
  return {
    model: provider(call.model),
    ...(call.instructions === '' ? {} : { instructions: call.instructions }),
    messages: [...call.messages],
    output: { ...Output.text(), responseFormat: Promise.resolve(responseFormat(call.form, dialect)) },
    providerOptions: { compatible: { strictJsonSchema: call.form?.isStrict ?? false } },
    maxOutputTokens: call.maxOutputTokens,
    ...(dialect.hasTemperature ? { temperature: call.temperature } : {}),
    maxRetries: 0,
    telemetry: { isEnabled: false, recordInputs: false, recordOutputs: false },
    abortSignal: signal,
  };
}

function responseFormat(form: AnswerForm | null, { format }: Dialect) {
  if (form === null || format === 'text') return { type: 'text' as const };
  const { name, enforced } = form;
  return { type: 'json' as const, name, ...(format === 'json_schema' ? { schema: enforced } : {}) };
}

/** No token is longer on average: what goes on beyond this does not heed its limit. */
const MOST_CHARACTERS_PER_TOKEN = 16;

/** A growing answer is read again when it has grown by this share, so that a long one costs no more than its length. */
const GROWTH = 1 / 50;

async function readStream(
  settings: Settings,
  { onPartial, onText }: Pick<ChatCall, 'onPartial' | 'onText'>,
  signal: AbortSignal,
): Promise<ChatReply> {
  const mostCharacters = settings.maxOutputTokens * MOST_CHARACTERS_PER_TOKEN;
  let text = '';
  let readLength = 0;
  let last = '';
  const cut = new AbortController();
  const untie = linkAbort(signal, cut);
  try {
    // The default listener prints errors; they come as parts, too.
    const { stream } = streamText({ ...settings, abortSignal: cut.signal, onError: () => undefined });
    for await (const part of stream) {
      signal.throwIfAborted();
      switch (part.type) {
        case 'text-delta':
          text += part.text;
          onText?.(part.text);
          if (text.length > mostCharacters) return { text, finish: 'length', usage: undefined };
          if (onPartial === undefined || text.length - readLength <= readLength * GROWTH) break;
          readLength = text.length;
          last = await tellPartial(text, last, onPartial, signal);
          break;
        case 'error':
          throw new StreamFailure(part.error);
        case 'finish':
          return { text, finish: finishOf(part.finishReason), usage: usageOf(part.totalUsage) };
        default:
      }
    }
    signal.throwIfAborted();
    throw new StreamFailure(undefined);
  } finally {
    untie();
    // Nobody reads on: without this the provider would keep writing.
    cut.abort(new Error('the answer is read'));
  }
}

/** @returns what was told, as text */
async function tellPartial(
  text: string,
  last: string,
  onPartial: (partial: unknown) => void,
  signal: AbortSignal,
): Promise<string> {
  const said = withoutThoughts(text);
  const start = said.indexOf('{');
  if (start === -1) return last;
  const { value } = await parsePartialJson(said.slice(start));
  const told = value === undefined ? last : JSON.stringify(value);
  if (told === last) return last;
  signal.throwIfAborted();
  onPartial(value);
  return told;
}

/** A stream broke off, or said that it failed. */
class StreamFailure extends Error {
  constructor(cause: unknown) {
    super('stream failed', { cause });
  }
}

function finishOf(reason: string): ChatReply['finish'] {
  if (reason === 'content-filter') return 'refused';
  return reason === 'length' ? 'length' : 'stop';
}

function usageOf(usage: {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}): TokenUsage | undefined {
  const { inputTokens: input, outputTokens: output } = usage;
  return isCount(input) && isCount(output) ? { input_tokens: input, output_tokens: output } : undefined;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

/** What an error of {@link requestChat} says about the provider. */
export function failureOf(error: unknown, nowMs: number): ProviderFailure {
  if (error instanceof StreamFailure) {
    return APICallError.isInstance(error.cause) ? failureOf(error.cause, nowMs) : { fault: 'network' };
  }
  if (!APICallError.isInstance(error)) return { fault: 'unreadable' };
  const { statusCode: status, responseBody: complaint = '', responseHeaders, isRetryable } = error;
  if (status === undefined) return { fault: 'network' };
  // A good status with a body that broke off, or is none.
  if (status < 400) return { fault: isRetryable ? 'network' : 'unreadable', status };
  const retryAfterMs = retryAfterOf(responseHeaders, nowMs);
  return { fault: faultOfStatus(status, complaint), status, complaint, retryAfterMs };
}

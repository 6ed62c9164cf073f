import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

/** One request as the server received it. */
export interface LanguageCall {
  /** 1-based. */
  readonly number: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ChatBody;
  /** The system message. */
  readonly instructions: string;
  /** The JSON between `<context>` and `</context>`. */
  readonly context: unknown;
  /** What stands between `<player>` and `</player>`. */
  readonly player: string;
  /** Resolves when the connection closes, answered or not. */
  readonly closed: Promise<void>;
  /** Not the first answer to the question: what was wrong with the one before. */
  readonly complaint: string | null;
}

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly response_format?: { readonly type: string; readonly json_schema?: { readonly name: string } };
  readonly [field: string]: unknown;
}

export interface SpokenAnswer {
  /** The text of the answer; anything but a string is written as JSON. */
  readonly say: unknown;
  readonly finish?: 'stop' | 'length' | 'content_filter';
  readonly refusal?: string;
  /** Null: the server does not count. Default 100 in, 20 out. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  /** Of a stream: characters per piece, default 12. */
  readonly pieceLength?: number;
  /** Awaited before the answer; of a stream the headers are gone already, but no piece. */
  readonly before?: Promise<unknown>;
  /** Of a stream: awaited after so many pieces. */
  readonly pause?: { readonly after: number; readonly until: Promise<unknown> };
  /** Of a stream: the connection breaks after so many pieces. */
  readonly breakAfter?: number;
}

export type ServerAnswer =
  | SpokenAnswer
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Anything but a string is written as JSON. */
      readonly body?: unknown;
    }
  /** Takes the request and never answers. */
  | 'hang'
  /** Takes the request and breaks the connection. */
  | 'reset';

export interface LanguageServerOptions {
  readonly answer: (call: LanguageCall) => ServerAnswer | Promise<ServerAnswer>;
}

/** What a fleet calls `LLM_BASE_URL`, with a script in the place of weights. */
export interface LanguageServer extends AsyncDisposable {
  readonly url: string;
  /** In the order of their arrival. */
  readonly calls: readonly LanguageCall[];
  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Answers differently from now on. */
  answerWith(answer: LanguageServerOptions['answer']): void;
}

/** A local server that speaks OpenAI's chat completions, streams included. Every test starts its own. */
export async function startLanguageServer(options: LanguageServerOptions): Promise<LanguageServer> {
  let { answer } = options;
  const calls: LanguageCall[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = new Promise<void>((resolve) => void response.once('close', resolve));
    const body = (await json(request)) as ChatBody;
    const call = { ...callOf(request, body, calls.length + 1), closed };
    calls.push(call);
    for (const { count, resolve } of waiting) if (calls.length >= count) resolve();
    await write(await answer(call), call, response);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // An answer that throws is a mistake of the test; it must not look like one of the fleet.
      if (!response.headersSent) response.writeHead(501);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the language server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    calls,
    arrived(count) {
      if (calls.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
    answerWith(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function callOf(request: IncomingMessage, body: ChatBody, number: number): Omit<LanguageCall, 'closed'> {
  const text = (role: string): string =>
    body.messages.find((message) => message.role === role)?.content ?? '';
  const instructions = text('system');
  const context = between(instructions, 'context');
  return {
    number,
    path: request.url ?? '',
    headers: request.headers,
    body,
    instructions,
    context: context === '' ? null : (JSON.parse(context) as unknown),
    player: between(text('user'), 'player'),
    complaint: body.messages.length > 2 ? body.messages.at(-1)!.content : null,
  };
}

function between(text: string, tag: string): string {
  return new RegExp(`<${tag}>\\n([^]*?)\\n</${tag}>`).exec(text)?.[1] ?? '';
}

async function write(answer: ServerAnswer, call: LanguageCall, response: ServerResponse): Promise<void> {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.destroy();
    return;
  }
  if ('status' in answer) {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(asText(answer.body ?? { error: { message: `scripted status ${answer.status}` } }));
    return;
  }
  if (call.body.stream === true) await stream(answer, call, response);
  else {
    await answer.before;
    const { say, finish = 'stop', refusal = null, usage = DEFAULT_USAGE } = answer;
    const message = { role: 'assistant', content: refusal === null ? asText(say) : null, refusal };
    const reply = { ...head(call), choices: [{ index: 0, message, finish_reason: finish }] };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(usage === null ? reply : { ...reply, usage }));
  }
}

const DEFAULT_USAGE = { prompt_tokens: 100, completion_tokens: 20 };

function head({ number, body }: LanguageCall) {
  return { id: `chatcmpl-${number}`, object: 'chat.completion', created: 1, model: body.model };
}

async function stream(answer: SpokenAnswer, call: LanguageCall, response: ServerResponse): Promise<void> {
  const {
    say,
    finish = 'stop',
    refusal,
    usage = DEFAULT_USAGE,
    pieceLength = 12,
    before,
    pause,
    breakAfter,
  } = answer;
  const event = (choices: unknown, more: object = {}): void => {
    response.write(`data: ${JSON.stringify({ ...head(call), choices, ...more })}\n\n`);
  };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  await before;
  const field = refusal === undefined ? 'content' : 'refusal';
  const text = refusal ?? asText(say);
  for (let at = 0, pieces = 0; at < text.length; at += pieceLength, pieces++) {
    if (pieces === pause?.after) await pause.until;
    if (pieces === breakAfter) {
      response.destroy();
      return;
    }
    event([{ index: 0, delta: { [field]: text.slice(at, at + pieceLength) } }]);
  }
  event([{ index: 0, delta: {}, finish_reason: finish }]);
  const isCounted = usage !== null && call.body['stream_options'] !== undefined;
  if (isCounted) event([], { usage });
  response.end('data: [DONE]\n\n');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

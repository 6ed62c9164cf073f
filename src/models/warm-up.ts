import { requestChat, type ChatEndpoint } from './chat-endpoint.ts';
import { FULL_DIALECT } from './dialect.ts';

const ANSWER = '{"words":"Good morning."}';
const HEAD = { id: 'warm-up', created: 0, model: 'none' };
const USAGE = { prompt_tokens: 1, completion_tokens: 1 };
const WHOLE = {
  ...HEAD,
  choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
  usage: USAGE,
};
const PIECES = [
  { ...HEAD, choices: [{ index: 0, delta: { content: ANSWER } }] },
  { ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { ...HEAD, choices: [], usage: USAGE },
];

/** A provider in this process. What it says is never used. */
const here: ChatEndpoint = {
  baseUrl: 'http://127.0.0.1/',
  apiKey: null,
  async fetch(_, init) {
    const isStreamed = typeof init?.body === 'string' && init.body.includes('"stream":true');
    const pieces = PIECES.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join('');
    return isStreamed
      ? new Response(`${pieces}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } })
      : Response.json(WHOLE);
  },
};

/**
 * Go the way of a question once in both ways, without a network: the first one compiles what the SDK and `fetch` only
 * load when they are called, which a turn of two seconds has no time for.
 */
export async function warmUp(): Promise<void> {
  const schema = { type: 'object', properties: { words: { type: 'string' } } };
  const call = {
    instructions: 'Say something.',
    messages: [{ role: 'user' as const, content: 'Hello.' }],
    model: 'none',
    form: { name: 'words', schema, enforced: schema, isStrict: true },
    temperature: 0,
    maxOutputTokens: 10,
  };
  const { signal } = new AbortController();
  await requestChat(here, call, FULL_DIALECT, signal);
  await requestChat(here, { ...call, onPartial: () => undefined }, FULL_DIALECT, signal);
  await (await fetch('data:,')).text();
}

import { z } from 'zod';
import type { Clock } from '../../../src/kernel/clock.ts';
import type { LanguageAnswer, LanguageContext, LanguageRequest } from '../../../src/models/language.ts';
import type { ModelEvent } from '../../../src/models/model-events.ts';
import { ModelProvider } from '../../../src/models/provider.ts';
import { ProviderLanguage, type ProviderLanguageOptions } from '../../../src/models/provider-language.ts';
import { createBreakers } from '../../../src/resilience/breakers.ts';
import {
  startLanguageServer,
  type LanguageServer,
  type LanguageServerOptions,
} from '../../support/language-server.ts';

export const Greeting = z.strictObject({ words: z.string().min(1), mood: z.enum(['calm', 'glad']) });
export type Greeting = z.output<typeof Greeting>;
export const HELLO: Greeting = { words: 'Welcome back, traveller.', mood: 'glad' };

export const PLAYER_TEXT = 'a secret the player wrote';
export const API_KEY = 'sk-never-shown';

export const REQUEST: LanguageRequest<Greeting> = {
  name: 'greeting',
  system: 'You greet people.',
  context: { place: 'the gate' },
  player: PLAYER_TEXT,
  output: Greeting,
  temperature: 0.7,
};

export interface Room extends AsyncDisposable {
  readonly server: LanguageServer;
  readonly provider: ModelProvider;
  readonly events: readonly ModelEvent[];
  /** What requests came to, in order. */
  outcomes(): string[];
  ask(
    request?: Partial<LanguageRequest<Greeting>>,
    ctx?: Partial<LanguageContext>,
  ): Promise<LanguageAnswer<Greeting>>;
}

export interface RoomOptions extends Partial<Omit<ProviderLanguageOptions, 'provider'>> {
  readonly clock?: Clock;
  readonly apiKey?: string | null;
  readonly baseUrl?: string;
}

/** A language over a server that follows a script, with quick pauses. */
export async function openRoom(
  answer: LanguageServerOptions['answer'],
  { clock, apiKey = API_KEY, baseUrl, ...options }: RoomOptions = {},
): Promise<Room> {
  const server = await startLanguageServer({ answer });
  const events: ModelEvent[] = [];
  const observe = (event: ModelEvent): void => void events.push(event);
  const breakers = createBreakers(clock === undefined ? {} : { clock });
  const provider = new ModelProvider({
    name: 'main',
    baseUrl: baseUrl ?? server.url,
    apiKey,
    breakers,
    observe,
    ...(clock === undefined ? {} : { clock }),
  });
  const language = new ProviderLanguage({
    agent: 'nga',
    provider,
    models: ['first'],
    callTimeoutMs: 15_000,
    maxRepeats: 1,
    pauseMs: 5,
    observe,
    ...options,
  });
  return {
    server,
    provider,
    events,
    outcomes: () => events.flatMap((event) => (event.type === 'request' ? [event.outcome] : [])),
    ask: (request = {}, ctx = {}) =>
      language.ask(
        { ...REQUEST, ...request },
        { signal: new AbortController().signal, budgetMs: 20_000, ...ctx },
      ),
    async [Symbol.asyncDispose]() {
      await breakers.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

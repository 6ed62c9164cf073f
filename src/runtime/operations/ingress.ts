import { createHash } from 'node:crypto';
import type { Caller } from '../../contracts/caller.ts';
import type { PlayerSafety } from '../../contracts/intervention.ts';
import type { SubmitOptions } from '../../contracts/operations.ts';
import type { StepValidation } from '../../contracts/safety.ts';
import type { SessionView } from '../../contracts/session.ts';
import { TurnInput, type OrchestrationResponse } from '../../contracts/turn.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Screen } from '../../safety/screening/screen-input.ts';
import { answerOf, type AnsweredLine } from './answer-line.ts';

/** What a line leads to before anything is enqueued: an answer of its own, or a run that knows what was found. */
export type Judged =
  | { readonly response: OrchestrationResponse; readonly validation?: undefined }
  | { readonly response?: undefined; readonly validation: StepValidation };

/** A line on its way in; it is looked at while its session is looked up. */
export interface IncomingLine {
  /** Waits for the session, but in an emergency no longer than it must. Errors: those of `lookUp` */
  session<T>(lookUp: Promise<T>): Promise<T>;
  judge(session: SessionView | null): Promise<Judged>;
  /** The answer that is given although the request failed; null: the request fails. */
  despite(error: unknown): Promise<OrchestrationResponse | null>;
}

export interface Ingress {
  isUrgent(text: string): boolean;
  open(text: string, from: LineOrigin): IncomingLine;
  /** Everything that went on behind answers is done. */
  settled(): Promise<void>;
}

export interface LineOrigin {
  readonly sessionId: string | undefined;
  readonly caller: Caller;
  readonly options: SubmitOptions;
  /** Names the request where neither its key nor its id does. */
  readonly dedupId?: string | undefined;
}

/** In an emergency nobody waits longer for a session that does not answer. */
const SESSION_LIMIT_MS = 400;
const MOST_KNOWN = 10_000;
/** `es`, `en-GB`: of the region the numbers are shown, where no other is named. */
const LOCALE = /^[a-z]{2}(?:-[A-Za-z]{4})?(?:-[A-Z]{2})?$/;

export function createIngress(screen: Screen, slaMs: number): Ingress {
  /** Whose sessions are, so that what is remembered of a player is read together with the session. */
  const users = new Map<string, string | null>();
  return {
    isUrgent: (text) => screen.isUrgent(text),
    settled: () => screen.settled(),
    open(text, { sessionId, caller, options, dedupId }) {
      const receivedAt = performance.now();
      const requestId = requestIdOf(options, caller, dedupId);
      const ownId = sessionId ?? `run-${digestOf(requestId)}`;
      const isUrgent = screen.isUrgent(text);
      const guessed = users.get(ownId) ?? caller.user_id ?? null;
      const player = screen.playerOf(ownId, guessed);

      const screened = async (
        session: Pick<SessionView, 'session_id' | 'user_id' | 'metadata'> | null,
        inSession: string,
        userId: string | null,
        known?: Promise<PlayerSafety | null>,
      ): Promise<AnsweredLine> => ({
        receivedAt,
        slaMs,
        session,
        screened: await screen.screen({
          text,
          sessionId: inSession,
          userId,
          requestId,
          receivedAt,
          ...placeIn(session),
          ...(known === undefined ? {} : { player: known }),
        }),
      });

      return {
        session: (lookUp) => (isUrgent ? withLimit(lookUp) : lookUp),
        async judge(session) {
          const userId = session?.user_id ?? (session === null ? (caller.user_id ?? null) : null);
          if (users.size >= MOST_KNOWN) users.clear();
          users.set(ownId, userId);
          const line = await screened(session, ownId, userId, userId === guessed ? player : undefined);
          if (line.screened.verdict === 'pass') return { validation: line.screened.validation };
          return { response: answerOf(line) };
        },
        async despite(error) {
          if (!isUrgent) return null;
          // Nobody can make a crisis stand in the session of somebody else.
          const isForeign = isFleetError(error) && error.kind === 'forbidden';
          const place = isForeign ? `caller-${digestOf(caller.id)}` : ownId;
          const line = await screened(null, place, guessed, isForeign ? undefined : player);
          return line.screened.verdict === 'pass' ? null : answerOf(line);
        },
      };
    },
  };
}

/** The player's line in the input of a run, where there is one. */
export function lineIn(input: unknown): string | null {
  const parsed = TurnInput.safeParse(input);
  return parsed.success ? parsed.data.text : null;
}

function requestIdOf(options: SubmitOptions, caller: Caller, dedupId: string | undefined): string {
  if (options.requestKey !== undefined) return options.requestKey;
  if (dedupId !== undefined) return `dedup ${digestOf(`${caller.id} ${dedupId}`)}`;
  return options.runId ?? options.requestId ?? uuidv7();
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Where the player is and which language they speak, as whoever made the session said. */
function placeIn(session: Pick<SessionView, 'metadata'> | null): { region?: string; locale?: string } {
  const { region, locale } = session?.metadata ?? {};
  return {
    ...(typeof region === 'string' && /^[A-Z]{2}$/.test(region) ? { region } : {}),
    ...(typeof locale === 'string' && LOCALE.test(locale) ? { locale } : {}),
  };
}

async function withLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the session was not found in time')), SESSION_LIMIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

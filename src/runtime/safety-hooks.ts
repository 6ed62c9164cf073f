import { categoriesOf, createOutputJudge } from '../safety/screening/judge-output.ts';
import { createJobScreen } from '../safety/screening/screen-job.ts';
import { createScreen, type Screen } from '../safety/screening/screen-input.ts';
import { NEUTRAL_STORY } from '../safety/screening/last-words.ts';
import { createWithheldStories } from '../safety/screening/withheld-stories.ts';
import type { SafetyParts } from '../safety/ports.ts';
import type { InputProcessorOptions } from '../agents/ipa/process.ts';
import type { StoryGuardOptions } from '../agents/nga/story-guard.ts';
import type { WorldBuilderOptions } from '../agents/wba/process.ts';
import type { Core } from './core.ts';
import { lineIn } from './operations/ingress.ts';

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;

/** The player's safety as the agents of a process are given it. */
export interface AgentSafety {
  readonly ipa: Required<InputProcessorOptions>;
  readonly wba: Pick<WorldBuilderOptions, 'judge' | 'onBlocked'>;
  readonly nga: StoryGuardOptions;
  readonly screenInput: NonNullable<Core['workflows']['screenInput']>;
  /** Everything that went on behind is done. */
  settled(): Promise<void>;
}

export function screenOf(core: Core, room: SafetyParts): Screen {
  const { clock, config, log, metrics } = core;
  return createScreen({ ...room, clock, log, metrics, settings: { defaultLocale: config.safety.locale } });
}

export function agentSafety(core: Core, room: SafetyParts): AgentSafety {
  const { clock, config, log, metrics, store } = core;
  const { output, retention_days: days } = config.safety;
  const screen = screenOf(core, room);
  const judge = createOutputJudge(room.judge, (level, ms) => room.recorder?.counted?.('output', level, ms));
  const withheld = createWithheldStories({
    store,
    clock,
    log,
    metrics,
    people: room.people,
    pseudonyms: room.pseudonyms,
    settings: {
      repeatLimit: output.repeat_limit,
      windowMs: output.window_h * HOUR_MS,
      rememberSeconds: days.user * DAY_SECONDS,
    },
  });
  return {
    ipa: { screen: createJobScreen(room.judge, screen) },
    wba: {
      judge,
      onBlocked: (validation) => {
        for (const category of categoriesOf(validation))
          metrics.safety_output_blocked_total.inc({ category });
      },
    },
    nga: {
      judge,
      withheld,
      maxRegenerations: output.max_regenerations,
      neutral: (text) => neutralFor(room, text),
    },
    async screenInput(input, { runId, schedule }) {
      const text = lineIn(input);
      if (text === null) return 'pass';
      const line = { text, sessionId: `schedule-${schedule}`, userId: null, requestId: runId };
      return (await screen.screen(line)).verdict === 'pass' ? 'pass' : 'withheld';
    },
    async settled() {
      await Promise.all([screen.settled(), withheld.settled()]);
    },
  };
}

/** What the room has for a story that is withheld, as long as it may be told itself. */
function neutralFor({ judge, supporter }: SafetyParts, story: string): string {
  try {
    const validator = judge.validatorFor();
    const validation = validator.validateText(story, { stage: 'output', includeAudit: false });
    const text = supporter.alternative({ validation, stage: 'output' });
    const isFit = text !== null && validator.validateText(text, { stage: 'output' }).level !== 'blocked';
    return isFit ? text : NEUTRAL_STORY;
  } catch {
    return NEUTRAL_STORY;
  }
}

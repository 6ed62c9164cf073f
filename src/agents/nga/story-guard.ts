import type { StepValidation } from '../../contracts/safety.ts';
import { categoriesOf, type OutputJudge } from '../../safety/screening/judge-output.ts';
import type { WithheldStories } from '../../safety/screening/withheld-stories.ts';
import type { AgentContext } from '../agent.ts';
import type { SentenceGate } from './story-stream.ts';

/** What the narrator is given to judge its stories with. */
export interface StoryGuardOptions {
  readonly judge: OutputJudge;
  readonly withheld: Pick<WithheldStories, 'withhold'>;
  /** How often a story that was blocked is told anew. */
  readonly maxRegenerations: number;
  /** Takes the place of a story that may not be told. */
  neutral(story: string): string;
}

/** The judgement of one turn's stories. Nothing that it refuses leaves this process, except into quarantine. */
export class StoryGuard {
  readonly #options: StoryGuardOptions;
  readonly #ctx: AgentContext;
  #hasBlocked = false;

  constructor(options: StoryGuardOptions, ctx: AgentContext) {
    this.#options = options;
    this.#ctx = ctx;
  }

  get maxRegenerations(): number {
    return this.#options.maxRegenerations;
  }

  /** A story of this turn was withheld. */
  get hasBlocked(): boolean {
    return this.#hasBlocked;
  }

  readonly gate: SentenceGate = (sentence, _signal, before) =>
    this.#options.judge.judge(before === '' ? sentence : ` ${sentence}`, before).level !== 'blocked';

  judge(story: string): StepValidation {
    return this.#options.judge.judge(story);
  }

  /** @returns why it may not be told; null when it may */
  async refuse(story: string, name: string): Promise<readonly string[] | null> {
    const validation = this.judge(story);
    if (validation.level !== 'blocked') return null;
    const categories = categoriesOf(validation);
    await this.withhold(story, categories, name);
    return categories;
  }

  async withhold(story: string, categories: readonly string[], name: string): Promise<void> {
    this.#hasBlocked = true;
    const { sessionId, userId } = this.#ctx.player ?? {};
    const key = `${this.#ctx.idempotencyKey} ${name}`;
    await this.#options.withheld.withhold({ text: story, categories, key, sessionId, userId });
  }

  neutral(story: string): string {
    return this.#options.neutral(story);
  }
}

import { TurnInput } from '../../contracts/turn.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { FAIL_FAST, RETRY, type CatalogSettings } from './settings.ts';
import {
  exitsAsActions,
  intentOf,
  ipaStep,
  ngaStep,
  sessionEffects,
  storyOf,
  wbaStep,
  worldOf,
} from './steps.ts';

/** The four workflows that are always there. Each answers with a non-empty text. */
export function builtInWorkflows(settings: CatalogSettings): WorkflowDefinition<typeof TurnInput>[] {
  const common = { version: 1, input: TurnInput, timeoutMs: settings.runTimeoutMs } as const;
  return [
    {
      ...common,
      name: 'input_processing',
      needsIntent: false,
      steps: [ipaStep(settings, FAIL_FAST)],
      reply: (facts) => ({
        ...sessionEffects(facts),
        responseText: `Understood as "${intentOf(facts)?.intent ?? 'unknown'}".`,
        nextActions: (intentOf(facts)?.alternatives ?? []).map(({ text, intent }) => ({ text, intent })),
        worldState: null,
        lastAgent: 'ipa',
      }),
    },
    {
      ...common,
      name: 'world_building',
      needsIntent: true,
      steps: [wbaStep(settings, RETRY)],
      reply: (facts) => {
        const world = worldOf(facts);
        return {
          ...sessionEffects(facts),
          responseText: world?.description ?? '',
          nextActions: exitsAsActions(world?.world_state ?? null),
          worldState: world?.world_state ?? null,
          lastAgent: 'wba',
        };
      },
    },
    {
      ...common,
      name: 'narrative_generation',
      needsIntent: true,
      steps: [ngaStep(settings, RETRY)],
      reply: (facts) => ({ ...sessionEffects(facts), ...toldBy(storyOf(facts)), worldState: null }),
    },
    {
      ...common,
      name: 'collaborative',
      needsIntent: false,
      steps: [ipaStep(settings, RETRY), wbaStep(settings, RETRY), ngaStep(settings, RETRY)],
      reply: (facts) => ({
        ...sessionEffects(facts),
        ...toldBy(storyOf(facts)),
        worldState: worldOf(facts)?.world_state ?? null,
      }),
    },
  ];
}

function toldBy(story: ReturnType<typeof storyOf>) {
  return {
    responseText: story.story,
    nextActions: story.choices.map(({ text, intent }) => ({ text, intent })),
    lastAgent: 'nga' as const,
    tone: story.tone,
    themes: story.themes,
    templateIds: story.template_ids,
  };
}

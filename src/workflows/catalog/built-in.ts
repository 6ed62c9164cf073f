import { TurnInput } from '../../contracts/turn.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { FAIL_FAST, RETRY, type CatalogSettings } from './settings.ts';
import { agentChain, exitsAsActions, intentIn, sessionEffects, storyIn, worldIn } from './steps.ts';

/** The four workflows that are always there. Each answers with a non-empty text. */
export function builtInWorkflows(settings: CatalogSettings): WorkflowDefinition<typeof TurnInput>[] {
  const common = { version: 1, input: TurnInput, timeoutMs: settings.runTimeoutMs } as const;
  return [
    {
      ...common,
      name: 'input_processing',
      needsIntent: false,
      plan: agentChain(['ipa'], settings, FAIL_FAST),
      reply: (facts) => ({
        ...sessionEffects(facts),
        responseText: `Understood as "${intentIn(facts)?.intent ?? 'unknown'}".`,
        nextActions: (intentIn(facts)?.alternatives ?? []).map(({ text, intent }) => ({ text, intent })),
        worldState: null,
        lastAgent: 'ipa',
      }),
    },
    {
      ...common,
      name: 'world_building',
      needsIntent: true,
      plan: agentChain(['wba'], settings, RETRY),
      reply: (facts) => {
        const world = worldIn(facts);
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
      plan: agentChain(['nga'], settings, RETRY),
      reply: (facts) => ({ ...sessionEffects(facts), ...toldBy(storyIn(facts)), worldState: null }),
    },
    {
      ...common,
      name: 'collaborative',
      needsIntent: false,
      plan: agentChain(['ipa', 'wba', 'nga'], settings, RETRY),
      reply: (facts) => ({
        ...sessionEffects(facts),
        ...toldBy(storyIn(facts)),
        worldState: worldIn(facts)?.world_state ?? null,
      }),
    },
  ];
}

function toldBy(story: ReturnType<typeof storyIn>) {
  return {
    responseText: story.story,
    nextActions: story.choices.map(({ text, intent }) => ({ text, intent })),
    lastAgent: 'nga' as const,
    tone: story.tone,
    themes: story.themes,
    templateIds: story.template_ids,
  };
}

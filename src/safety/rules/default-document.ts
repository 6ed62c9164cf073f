import { RulesDocument } from './document.ts';

const output = (
  id: string,
  priority: number,
  level: 'warning' | 'blocked',
  pattern: string,
  category: string,
) => ({
  id,
  category,
  priority,
  level,
  pattern,
  stages: ['output'],
});

/** What holds when nobody wrote rules: the crisis lexicon is built in, these watch the narrator. */
export const DEFAULT_DOCUMENT: RulesDocument = RulesDocument.parse({
  rules: [
    output(
      'output_harm_instructions',
      110,
      'blocked',
      String.raw`\b(?:here(?: is|'s) how to|steps? to|how to|the (?:best|easiest|quickest|painless) way to) (?:kill|hang|harm|cut|poison|starve|hurt) (?:yourself|oneself)\b|\b(?:lethal|fatal) (?:dose|dosage|amount) (?:of|is)\b`,
      'content_harm',
    ),
    output(
      'output_harm_encouragement',
      108,
      'blocked',
      String.raw`\byou (?:should|ought to|could just|must|deserve to) (?:just )?(?:die|end it|end it all|end your life|kill yourself|hurt yourself|cut yourself|give up on life)\b|\b(?:the world|everyone|they) (?:is|are|would be|will be) better off without you\b|\b(?:go|just) kill yourself\b`,
      'content_harm',
    ),
    output(
      'output_romanticised_death',
      90,
      'blocked',
      String.raw`\b(?:death|dying|suicide) (?:is|would be|was) (?:a |the |your |so )?(?:beautiful|sweet|only|peaceful) (?:release|escape|way out|answer|freedom|gift|end)\b|\bfinally free in death\b`,
      'content_harm',
    ),
    output(
      'output_medical_directive',
      70,
      'blocked',
      String.raw`\byou (?:should|must|need to|can safely|can) (?:stop|quit|double|skip|increase|reduce) (?:taking )?(?:your )?(?:medication|meds|antidepressants|pills|insulin|lithium|prescription)\b|\b(?:i diagnose you|you (?:clearly |definitely )?(?:have|suffer from) (?:bipolar|schizophrenia|clinical depression|adhd|bpd|ptsd))\b`,
      'professional_ethics',
    ),
    output(
      'output_hopeless_message',
      60,
      'warning',
      String.raw`\b(?:there is|there's) no hope (?:left )?for you\b|\byou will never (?:get better|recover|be happy|be loved)\b|\bnobody (?:loves|cares about|will miss) you\b|\byour life (?:is|has become) (?:worthless|meaningless|pointless)\b`,
      'emotional_monitoring',
    ),
  ],
});

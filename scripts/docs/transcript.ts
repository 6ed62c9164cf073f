import { startGame, type PlayedTurn } from '../../tests/unit/agents/play.ts';
import {
  TRANSCRIPT_CONTEXT,
  TRANSCRIPT_LINES,
  TRANSCRIPT_SESSION,
  TRANSCRIPT_WORLD,
} from './transcript-lines.ts';

/** A game of fifty turns, played by the real agents in memory, without a model. */
export async function transcriptDoc(): Promise<string> {
  const turns = await playTranscript();
  const { goals, avoid } = TRANSCRIPT_CONTEXT;
  return [
    '# A game of fifty turns',
    'Written by `npm run docs`: the three agents play these lines with their local providers, and this is what they tell; how ' +
      'that works is in [storytelling.md](storytelling.md).',
    `The player’s goals: ${goals.join(', ')}. To be avoided: ${avoid.join(', ')}. Below each story are its choices.`,
    ...turns.map(turnDoc),
  ]
    .join('\n\n')
    .concat('\n');
}

export async function playTranscript(): Promise<PlayedTurn[]> {
  const game = startGame(TRANSCRIPT_WORLD, TRANSCRIPT_SESSION, {
    therapeutic: TRANSCRIPT_CONTEXT,
    remembersFeelings: true,
  });
  const turns: PlayedTurn[] = [];
  for (const line of TRANSCRIPT_LINES) turns.push(await game.play(line));
  return turns;
}

function turnDoc({ text, told }: PlayedTurn, index: number): string {
  const choices = told.choices.map((choice) => choice.text).join(' · ');
  return `**${index + 1}. ${text}**\n\n${told.story}\n\n> ${choices}`;
}

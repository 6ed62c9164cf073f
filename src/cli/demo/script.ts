/**
 * What the player of the demo says, for the starter world. The first line passes through every agent, the fifth
 * names a way that is not there. Only the lines are written here; every answer comes from the fleet.
 */
export const STORY: readonly string[] = [
  'go south',
  'look around',
  'talk to the wise elder about my fears',
  'I feel overwhelmed by all these choices',
  'go west',
  'go east, then take the ancient journal',
];

/** Line `index` of the demo: the script first, then what the fleet suggested last. */
export function playerLine(index: number, suggestions: readonly { text: string }[]): string {
  return (
    STORY[index] ?? suggestions[index % Math.max(1, suggestions.length)]?.text ?? STORY[index % STORY.length]!
  );
}

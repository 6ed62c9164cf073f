/** What a word may show about who is meant; bits, because a word may show several. */
export const WORD = {
  /** The speaker as subject: i, im, ive. */
  firstSubject: 1,
  /** The speaker in any form. */
  first: 2,
  /** he, she, they, someone. */
  thirdPronoun: 4,
  /** A person of a life: friend, mother, boss. */
  person: 8,
  /** A figure of the game: goblin, knight. */
  entity: 16,
  /** A word that only a game has: respawn, loot. */
  game: 32,
  /** Follows the subject when that is not the speaker: wants, is, says. */
  thirdVerb: 64,
  /** Stands between a subject and what is said of it: who, that. */
  transparent: 128,
  /** himself, herself, themselves: what is said happens to another person. */
  thirdReflexive: 256,
  filler: 512,
  negation: 1024,
  intensifier: 2048,
  /** People in general: people, anyone. */
  generic: 4096,
  second: 8192,
  /** myself, and mine where it names the body or the life. */
  firstReflexive: 16384,
} as const;

/** Classes of the data whose single words get a flag. */
export const FLAG_OF_CLASS: Readonly<Record<string, number>> = {
  first_subject: WORD.firstSubject | WORD.first,
  first_person: WORD.first,
  third_pronouns: WORD.thirdPronoun,
  persons: WORD.person,
  third_verbs: WORD.thirdVerb,
  transparent: WORD.transparent,
  third_reflexives: WORD.thirdReflexive,
  fillers: WORD.filler,
  negation_words: WORD.negation,
  generic_people: WORD.generic,
  second_person: WORD.second,
  first_reflexives: WORD.firstReflexive | WORD.first,
};

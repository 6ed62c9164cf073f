export type Pronoun = 'she' | 'he' | 'they';

const PRONOUNS: Readonly<Record<string, Pronoun>> = {
  she: 'she',
  her: 'she',
  he: 'he',
  his: 'he',
  him: 'he',
  they: 'they',
  their: 'they',
};

/** How a person is spoken of: as the description does it first; undefined when it does not say. */
export function pronounOf({ description }: { readonly description: string }): Pronoun | undefined {
  const word = /\b(?:she|her|he|his|him|they|their)\b/i.exec(description)?.[0];
  return word === undefined ? undefined : PRONOUNS[word.toLowerCase()];
}

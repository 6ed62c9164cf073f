/** What an unmistakable statement is about. */
export type MinimalCrisis = 'suicidal_ideation' | 'self_harm';

/** Where the statement stands, in UTF-16 units of the text. */
export interface MinimalMatch {
  readonly type: MinimalCrisis;
  readonly span: [number, number];
}

/**
 * Finds a first-person statement that nobody can mistake, for the moment when the validator itself fails. It knows no
 * context and no data, and shares no code with the validator, so that what breaks the one leaves the other alone. Linear in
 * the length of the text.
 *
 * Source: spec, safety 10, failure policy
 */
export function matchMinimally(text: string): MinimalMatch | null {
  const { letters, places } = foldLightly(text);
  let first: { readonly type: MinimalCrisis; readonly at: number; readonly end: number } | null = null;
  for (const [type, statements] of STATEMENTS) {
    for (const statement of statements) {
      const at = letters.indexOf(` ${statement} `);
      if (at === -1 || (first !== null && first.at <= at)) continue;
      first = { type, at, end: at + statement.length };
    }
  }
  // The fold begins with a space of its own, so the letter after the space found has the number of that space.
  return first === null ? null : { type: first.type, span: [places[first.at]!, places[first.end - 1]! + 1] };
}

const WISHES = ['want to', 'wanna', 'need to', 'am going to', 'will', 'have to'] as const;
const SHORT_WISHES = ['im going to', 'im gonna', 'im about to', 'id rather', 'ill'] as const;
const DEATHS = [
  'die',
  'be dead',
  'kill myself',
  'end my life',
  'end it all',
  'take my own life',
  'hang myself',
  'shoot myself',
  'unalive myself',
] as const;
const HARMS = ['hurt myself', 'cut myself', 'harm myself', 'burn myself', 'starve myself'] as const;

const STATEMENTS: readonly (readonly [MinimalCrisis, readonly string[]])[] = [
  [
    'suicidal_ideation',
    [
      ...wishesFor(DEATHS),
      'i dont want to live',
      'i do not want to live',
      'i dont want to be alive',
      'i dont want to exist',
      'i am suicidal',
      'im suicidal',
      'i feel suicidal',
      'i tried to kill myself',
      'thinking about killing myself',
      'thinking of killing myself',
      'better off without me',
      'wish i was dead',
      'wish i were dead',
      'quiero morir',
      'quiero morirme',
      'me quiero morir',
      'quiero matarme',
      'me quiero matar',
      'me voy a matar',
      'voy a suicidarme',
      'quiero suicidarme',
      'no quiero vivir',
      'quitarme la vida',
    ],
  ],
  [
    'self_harm',
    [
      ...wishesFor(HARMS),
      'i cut myself',
      'i hurt myself',
      'i keep cutting myself',
      'i harm myself',
      'i just cut myself',
      'me corto',
      'quiero hacerme dano',
      'quiero cortarme',
    ],
  ],
];

function wishesFor(acts: readonly string[]): string[] {
  return acts.flatMap((act) => [
    ...WISHES.flatMap((wish) => [`i ${wish} ${act}`, `i just ${wish} ${act}`, `i really ${wish} ${act}`]),
    ...SHORT_WISHES.map((wish) => `${wish} ${act}`),
  ]);
}

const ACCENTED = new Map(Array.from('áàâäéèêëíìîïóòôöúùûüñç', (c, i) => [c, 'aaaaeeeeiiiioooouuuunc'[i]!]));

/** Lower-case letters with one space between words; signs inside of words and invisible ones are left out. */
function foldLightly(text: string): { readonly letters: string; readonly places: Int32Array } {
  const places = new Int32Array(text.length + 2);
  const codes = new Uint8Array(text.length + 2);
  let length = 0;
  codes[length++] = SPACE;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isLeftOut(unit)) continue;
    const letter = letterOf(unit);
    if (letter === SPACE && codes[length - 1] === SPACE) continue;
    places[length - 1] = i;
    codes[length++] = letter;
  }
  codes[length++] = SPACE;
  return { letters: new TextDecoder().decode(codes.subarray(0, length)), places };
}

const SPACE = 0x20;

function letterOf(unit: number): number {
  if (unit >= 0x61 && unit <= 0x7a) return unit;
  if (unit >= 0x41 && unit <= 0x5a) return unit + 32;
  if (unit < 0x80) return SPACE;
  // Fullwidth letters.
  if (unit >= 0xff21 && unit <= 0xff3a) return unit - 0xff21 + 0x61;
  if (unit >= 0xff41 && unit <= 0xff5a) return unit - 0xff41 + 0x61;
  return ACCENTED.get(String.fromCharCode(unit).toLowerCase())?.charCodeAt(0) ?? SPACE;
}

/** Apostrophes, combining marks, soft hyphens, joiners and marks of direction, variation selectors, NUL. */
function isLeftOut(unit: number): boolean {
  return (
    unit === 0x27 ||
    unit === 0x60 ||
    unit === 0 ||
    unit === 0xad ||
    unit === 0x2018 ||
    unit === 0x2019 ||
    unit === 0xfeff ||
    (unit >= 0x300 && unit <= 0x36f) ||
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x202a && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x2069) ||
    (unit >= 0xfe00 && unit <= 0xfe0f)
  );
}

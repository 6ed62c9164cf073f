import { PhraseTable } from './patterns.ts';
import type { Token } from './tokens.ts';

/** People of the player's life, who never stand in the world as "my …". */
const PEOPLE = new Set(
  `boss manager supervisor chef teacher professor coach landlord landlady roommate flatmate housemate neighbour neighbor neighbours neighbors
  mom mum mommy mummy mother dad daddy father parents parent stepdad stepmom stepfather stepmother brother sister brothers sisters sibling siblings
  twin son daughter kid kids child children baby grandma grandpa grandmother grandfather gran nan granny grandparents grandson granddaughter aunt uncle cousin cousins nephew niece
  husband wife spouse partner boyfriend girlfriend ex fiance fiancee crush friend friends bestie family relatives therapist counsellor counselor doctor
  colleague colleagues coworker coworkers co-worker co-workers classmate classmates team employer client clients customers students pupils patients employees staff followers stalker pastor priest in-laws mother-in-law father-in-law`.split(
    /\s+/,
  ),
);
/** What is the player's own and lives or happens outside the story. */
const OWN = new Set(
  `dog cat puppy kitten hamster pet job work marriage relationship divorce soul mind life brain body head childhood past future world eyes stomach chest throat skin weight thoughts house home baby career school college university studies exam exams grades grade class car
  phone computer laptop apartment flat rent mortgage debt debts bills bank account company office internship thesis homework birthday wedding funeral
  surgery operation diagnosis illness cancer depression therapy medication meds pregnancy country homeland hometown visa passport salary shift instagram`.split(
    /\s+/,
  ),
);
/** Places and matters of a life outside the story. */
const MATTERS = new Set(
  `school work office job boss teacher exam exams test tests finals math maths homework class classes gym college university uni campus interview
  meeting meetings colleagues coworkers clients promotion deadline deadlines shift hospital doctor doctors chemo tumour tumor cancer scan surgery
  therapy therapist divorce funeral wedding marriage rent mortgage debt bills bank phone internet facebook instagram twitter tiktok snapchat texts
  email emails computer apartment flat landlord police court lawyer army covid pandemic airport bus train subway car driving licence license accident
  mom mum dad boyfriend girlfriend husband wife ex parents kids homework detention principal classmates bullies prom party unemployment unemployed
  country abroad visa insurance salary overtime career company firm shop employer lunch cafeteria abuse abused miscarriage rehab drinking sober grade grades depression adhd autism ocd ptsd insomnia diagnosed thesis raise match championship tournament`.split(
    /\s+/,
  ),
);
/** When it was: not in the story. */
const TIMES = new PhraseTable<true>(
  [
    '(yesterday|today|tonight|nowadays|lately|recently|tomorrow)',
    '(last|this|next) (night|week|weekend|month|year|summer|winter|spring|autumn|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday|semester|term|morning|afternoon|evening|christmas)',
    '(weeks|months|years|days|hours|week|month|year) (ago|now); (in|for|since|after) (a|one|two|three|four|five|six|ten|many|several|some|all those|so many)? (days|weeks|months|years); in (january|february|march|april|may|june|july|august|september|october|november|december)',
    '(moved|moving|move) (to|into|from) a (new|different|foreign|big) (city|town|country|place|flat|apartment|house|school); new (job|school|city|boss); (a|the|my|some) (day|week|time) off; the other day; (every|each) (day|night|morning|week|weekend|time); all (day|night|week|year); (when i was) (a kid|a child|young|little|small); as a (child|kid); for (like)? an hour; since (then|my|the)',
  ].flatMap((patterns) => patterns.split(';').map((pattern): [string, true] => [pattern.trim(), true])),
);

const PAST_BY_SHAPE = /^\p{L}{2,}ed$/u;
/** Past forms and those of having done: no command is given in them. */
const PAST = new Set(
  `was were had got went said told took gave left lost found made came saw heard felt thought knew became began broke brought bought caught chose
  cut did drove drank ate fell fought forgot forgave froze grew hid hit held hurt kept led lent let lay met paid put quit ran rang sent shook shot shut sang sat
  slept spoke spent stood stole swore swept taught threw understood woke wore won wrote wept cheated been done gone fired dumped died
  can't cannot couldn't shouldn't won't didn't wasn't weren't couldn't haven't hasn't hadn't never has have hates keeps says thinks wants doesn't don't is isn't are aren't always
  yells screams shouts hits beats ignores laughs calls drinks works lives treats makes makes cries snapped`.split(
    /\s+/,
  ),
);
const NOT_PAST = new Set('bed red seed feed need shed reed weed sacred wicked naked hundred'.split(' '));
const SPEAKERS =
  /^(i|i'm|i've|i'd|we|we've|we're|they|he|she|everyone|everybody|nobody|somebody|someone|people|he's|she's|they're|it)$/;
/** What may stand before whoever the tale is about. */
const OPENERS = new Set(
  'today yesterday tonight lately recently so and but well ugh honestly man again because also then just omg oh sometimes now actually basically apparently guess what this last morning week night year month weekend evening afternoon since in when after everytime whenever every time day at on school work like literally the other all still both even ok two three four weeks days months years ago home'.split(
    ' ',
  ),
);
const OWNERS = /^(my|our)$/;
/** How far into the words whoever it is about may stand. */
const OPENING = 6;

/**
 * Do these words tell of the player's own life, outside the story: "my boss shouted at me today", "had a bad day at
 * school"? A tale has somebody of that life or a matter, place or time of it, and is told, not commanded.
 */
export function tellsOfLife(all: readonly Token[]): boolean {
  const tokens = all.filter((token) => !token.isQuoted);
  if (tokens.length < 3) return false;
  const subject = subjectOf(tokens);
  if (subject === null) return false;
  const behind = tokens.slice(subject.at + 1);
  if (subject.isOfLife) return behind[0]?.breakBefore === 'none' || behind.some(({ word }) => isTold(word));
  if (isDoneToMe(tokens, subject.at)) return true;
  const about = tokens[subject.at]?.word ?? '';
  if (ANYBODY.test(about)) return isOfLife(tokens) || behind.some(({ word }) => word === 'me');
  return isTold(behind[0]?.word ?? '', behind[1]?.word) && isOfLife(tokens);
}

/** Who does what: no command begins with them. */
const ANYBODY = /^(they|they're|everyone|everybody|nobody|somebody|someone|people)$/;

/** "I eat lunch alone every day", "I drink too much lately": what is done over and over. */
export function tellsOfHabit(tokens: readonly Token[]): boolean {
  return HABITS.find(tokens) !== undefined;
}

const HABITS = new PhraseTable<true>(
  [
    '(every|each) (day|night|morning|evening|week|weekend|month|year|time|single day|single night); all (day|night|week|day long|night long); (lately|nowadays|these days|recently|yesterday); i (always|never|often|usually|sometimes|constantly|rarely|hardly|barely|mostly); too much (lately|again|these days|alcohol|work|coffee); (last|this) (week|month|year|semester); for (years|months|weeks)',
  ].flatMap((patterns) => patterns.split(';').map((pattern): [string, true] => [pattern.trim(), true])),
);

/** "my mother", "work", "therapy": what stands in no story of this kind. */
export function namesOwnLife(tokens: readonly Token[]): boolean {
  return tokens.some(({ word }, at) => {
    const isOwned = [1, 2].some((back) => OWNERS.test(tokens[at - back]?.word ?? ''));
    return EVERYDAY.test(word) || (isOwned && PEOPLE.has(stem(word)));
  });
}

const EVERYDAY =
  /^(school|work|therapy|college|university|homework|rent|overtime|rehab|meetings|exams|instagram|tiktok|facebook)$/;

/** "my mom", "they", nobody at all before "failed my test"; null when the words begin otherwise. */
function subjectOf(tokens: readonly Token[]): { at: number; isOfLife: boolean } | null {
  for (let at = 0; at <= Math.min(OPENING, tokens.length - 1); at++) {
    const word = tokens[at]?.word ?? '';
    if (OWNERS.test(word)) {
      const owned = tokens.findIndex(
        (token, i) => i > at && i <= at + 3 && (PEOPLE.has(stem(token.word)) || OWN.has(stem(token.word))),
      );
      return owned === -1 ? null : { at: owned, isOfLife: true };
    }
    if (/^(the|some|other|these|those|an|a)$/.test(word) && CROWD.test(tokens[at + 1]?.word ?? ''))
      return { at: at + 1, isOfLife: true };
    if (SPEAKERS.test(word)) return { at, isOfLife: false };
    if (at === 0 && MATTERS.has(word) && isTold(tokens[1]?.word ?? '')) return { at: 0, isOfLife: true };
    if (
      at === 0 &&
      /^(the|a) (doctor|doctors|teacher|police|bank|landlord|company|hospital|school)/.test(
        `${word} ${tokens[1]?.word ?? ''}`,
      )
    )
      return { at: 1, isOfLife: true };
    if (at === 0 && isPast(word) && !COMMANDS_TOO.has(word)) return { at: -1, isOfLife: false };
    if (!OPENERS.has(word)) return null;
  }
  return null;
}

/** "she left me", "they laughed at me", "I got dumped". */
function isDoneToMe(tokens: readonly Token[], at: number): boolean {
  const [subject, verb, ...rest] = tokens.slice(at).map(({ word }) => word);
  if (verb === undefined || subject === undefined) return false;
  if (/^(he|she|they|everyone|everybody|nobody|somebody|someone|people)$/.test(subject)) {
    return (
      (isPast(verb) || isPast(rest[0] ?? '')) &&
      rest.slice(0, 4).some((word) => word === 'me' || word === 'my')
    );
  }
  return /^(i|we)$/.test(subject) && /^(got|was|am|were)$/.test(verb) && WRONGED.test(rest[0] ?? '');
}

const WRONGED =
  /^(dumped|fired|bullied|rejected|robbed|mugged|cheated|ghosted|laid|suspended|expelled|evicted|ignored|teased|mocked|blamed|accused|promoted|accepted|engaged|married|divorced|pregnant|sick|ill|diagnosed|hospitalized|arrested|grounded)$/;

/** Never met in the story as a group. */
const CROWD =
  /^(kids|doctors?|bullies|classmates|coworkers|colleagues|teachers?|girls|boys|neighbou?rs|police|others|cops|nurse|landlord)$/;

/** Past forms that are commands as well: "cut the rope", "put it down". */
const COMMANDS_TOO = new Set(
  'cut hit hurt put let lay shut quit read set found left saw fell felt never has have is are always done'.split(
    ' ',
  ),
);

function stem(word: string): string {
  return word.replace(/'s$/, '');
}

function isPast(word: string): boolean {
  return PAST.has(word) || (PAST_BY_SHAPE.test(word) && !NOT_PAST.has(word));
}

/** "I lost", "I just lost", "I've been", "my boss keeps". */
function isTold(word: string, next = ''): boolean {
  return (
    isPast(word) ||
    (/^(just|also|really|finally|totally|even|only|once|nearly|almost|actually)$/.test(word) && isPast(next))
  );
}

function isOfLife(tokens: readonly Token[]): boolean {
  return (
    TIMES.find(tokens) !== undefined ||
    HABITS.find(tokens) !== undefined ||
    tokens.some(
      ({ word }, at) =>
        MATTERS.has(stem(word)) ||
        (OWNERS.test(tokens[at - 1]?.word ?? '') && (PEOPLE.has(stem(word)) || OWN.has(stem(word)))) ||
        (OWNERS.test(tokens[at - 2]?.word ?? '') && (PEOPLE.has(stem(word)) || OWN.has(stem(word)))),
    )
  );
}

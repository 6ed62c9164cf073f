import { DIRECTION_BY_WORD } from './directions.ts';
import type { Token } from './tokens.ts';

/** How people write in a hurry, and what they would write with time. */
const SPELLED_OUT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    im: "i'm",
    ive: "i've",
    ima: 'i will',
    imma: 'i will',
    dont: "don't",
    doesnt: "doesn't",
    didnt: "didn't",
    cant: "can't",
    couldnt: "couldn't",
    wouldnt: "wouldn't",
    shouldnt: "shouldn't",
    isnt: "isn't",
    arent: "aren't",
    wasnt: "wasn't",
    havent: "haven't",
    hasnt: "hasn't",
    aint: "isn't",
    whats: "what's",
    wheres: "where's",
    whos: "who's",
    hows: "how's",
    thats: "that's",
    theres: "there's",
    theyre: "they're",
    youre: "you're",
    hes: "he's",
    shes: "she's",
    wanna: 'want to',
    gonna: 'going to',
    gotta: 'have to',
    tryna: 'trying to',
    finna: 'going to',
    lemme: 'let me',
    gimme: 'give me',
    outta: 'out of',
    kinda: 'kind of',
    sorta: 'sort of',
    dunno: "don't know",
    idk: "i don't know",
    idc: "i don't care",
    rn: 'right now',
    pls: 'please',
    plz: 'please',
    plse: 'please',
    pleas: 'please',
    thx: 'thanks',
    thanx: 'thanks',
    ty: 'thanks',
    tysm: 'thanks',
    kk: 'ok',
    okey: 'ok',
    okie: 'ok',
    ya: 'you',
    ur: 'your',
    wut: 'what',
    wat: 'what',
    wot: 'what',
    teh: 'the',
    bc: 'because',
    cuz: 'because',
    coz: 'because',
    tmrw: 'tomorrow',
    smth: 'something',
    sth: 'something',
    abt: 'about',
    nvm: 'never mind',
    kms: 'kill myself',
    tf: 'the hell',
    unalive: 'kill',
    ppl: 'people',
    bf: 'boyfriend',
    gf: 'girlfriend',
    bff: 'friend',
    alot: 'a lot',
    sooo: 'so',
    soooo: 'so',
    til: 'until',
    lok: 'look',
    loook: 'look',
    loko: 'look',
    tlak: 'talk',
    tkae: 'take',
    opne: 'open',
    hlep: 'help',
    clsoe: 'close',
    wlak: 'walk',
    aks: 'ask',
    nroth: 'north',
    noth: 'north',
    norht: 'north',
    sotuh: 'south',
    souht: 'south',
    soth: 'south',
    esat: 'east',
    wset: 'west',
  }),
);
const BEFORE_YOU = /^(can|could|will|would|do|did|are|have|how|what|thank|love|miss|if|when|that)$/;
const WAYS_OF_GOING = /^(go|walk|run|head|move|travel|then|and|turn|face|look|to|exit)$/;

/**
 * The same words as somebody with time would write them: "lemme" is "let me". Words that come of one keep its place,
 * so offsets still point into the text. What stands in quotation marks stays as it is.
 */
export function spelledOut(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token, at) => {
    if (token.isQuoted) return [token];
    const words = wordsFor(tokens, at).split(' ');
    return words.map((word, i) => ({ ...token, word, breakBefore: i === 0 ? token.breakBefore : 'none' }));
  });
}

function wordsFor(tokens: readonly Token[], at: number): string {
  const word = tokens[at]?.word ?? '';
  const before = tokens[at - 1]?.word ?? '';
  if (word === 'u' && BEFORE_YOU.test(before)) return 'you';
  if (word === 'r' && tokens[at + 1]?.word === 'u') return 'are';
  // "take the key n go" joins; "go n" goes.
  if (word === 'n' && isBetween(tokens, at) && !DIRECTION_BY_WORD.has(before) && !WAYS_OF_GOING.test(before))
    return 'and';
  return SPELLED_OUT.get(word) ?? word;
}

function isBetween(tokens: readonly Token[], at: number): boolean {
  return at > 0 && tokens[at]?.breakBefore === 'none' && tokens[at + 1]?.breakBefore === 'none';
}

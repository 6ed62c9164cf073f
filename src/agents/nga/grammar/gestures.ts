import type { Variants } from '../select.ts';

/** What is done towards somebody rather than said; a talk may begin so. */
export interface Gesture {
  readonly name: string;
  /** Verbs, as they begin the player's words. */
  readonly words: RegExp;
  readonly openings: Variants;
}

/** Place: {person}. */
export const GESTURES: readonly Gesture[] = [
  {
    name: 'hug',
    words: /\b(hug|embrace|cuddle|hold|kiss)\b/,
    openings: [
      'You open your arms to {person}.',
      'You take a step towards {person}, arms a little out from your sides, so that it can be a no.',
      'You put your arms round {person}, lightly at first.',
      'You do not say it; you hold it out with both arms, to {person}.',
      'An embrace, then, for {person}, neither short nor long.',
      'You lean in and give {person} what words are slow at.',
    ],
  },
  {
    name: 'thank',
    words: /\b(thank|thanks)\b/,
    openings: [
      'You thank {person}, and mean every letter of it.',
      '“Thank you,” you say to {person}, and leave it as short as that.',
      'You tell {person} what it was good for.',
      'You look for {person}, to say thanks.',
      'There is a thank-you owing to {person}, and you pay it gladly.',
      'You thank {person}, and feel the corners of the day lift.',
    ],
  },
  {
    name: 'sorry',
    words: /\b(apologi[sz]e|sorry|forgive me)\b/,
    openings: [
      'You say to {person} that you are sorry.',
      '“I am sorry,” you tell {person}, and add nothing to soften it.',
      'You look at {person} and find the two words.',
      'An apology has been waiting in you, and {person} is the one it belongs to.',
      'You apologise to {person}, plainly, looking up at the end.',
      'You tell {person} that it should not have been so.',
    ],
  },
  {
    name: 'nod',
    words: /\b(smile|wave|nod|bow|wink)\b/,
    openings: [
      'No words yet: your face says it, and {person} can read it.',
      'You catch sight of {person} and let it show that you are glad.',
      'A small sign, meant for {person}, and it arrives.',
      'You greet {person} the way one does across a room.',
      'You let {person} see that you have seen.',
      'It takes hardly a movement, and {person} is greeted.',
    ],
  },
  {
    name: 'comfort',
    words: /\b(comfort|console|reassure|cheer|encourage|calm)\b/,
    openings: [
      'You turn to {person} and make your voice soft.',
      'You would like {person} to have it a little easier, and stay close.',
      'You sit down near {person}, which is most of what comforting is.',
      'You look for the kind thing to say to {person}, and find a short one.',
      'You lend {person} some of your calm; there is enough.',
      'You tell {person} that it will not always be like this.',
    ],
  },
  {
    name: 'praise',
    words: /\b(compliment|praise|congratulate|admire)\b/,
    openings: [
      'You tell {person} something good, and it happens to be true.',
      'You have noticed something about {person}, and you say it aloud.',
      'A good word is easily carried; you bring one to {person}.',
      'You say to {person} what others may only have thought.',
      'You praise {person}, and see the words land.',
      'There is something to admire in {person}, and you do not keep it to yourself.',
    ],
  },
  {
    name: 'dance',
    words: /\b(dance|sing|play|laugh|joke)\b/,
    openings: [
      'You make the first silly step, and look to {person} for the second.',
      'Something light gets into you, and you share it with {person}.',
      'You are in the mood for a little nonsense, and {person} is there to be asked.',
      'You invite {person} to be foolish with you for as long as a song lasts.',
      'You begin it, a bit too loud, and {person} hears.',
      'It is more fun with two, so you turn to {person}.',
    ],
  },
  {
    name: 'goodbye',
    words: /\b(goodbye|bye|farewell|good night)\b/,
    openings: [
      'You say goodbye to {person}, without quite leaving yet.',
      'You tell {person} that you will be going, by and by.',
      'A parting word, then, for {person}.',
      'You take your leave of {person}, as one does from a friend.',
      'You turn to {person} once more, to say goodbye properly.',
      'You raise a hand to {person}; it means until another time.',
    ],
  },
];

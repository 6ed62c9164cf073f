import type { Variants } from '../select.ts';

/** The last sentence hands the story back to the player. */
export const INVITATIONS: Variants = [
  'What do you do?',
  'Where does your attention go next?',
  'What calls to you now?',
  'What would you like to do next?',
  'The next step is yours. Which will it be?',
  'And now?',
  'Which way does your curiosity lean?',
  'What comes next is up to you. What will it be?',
  'What do you turn to?',
  'How do you go on?',
];

/** Places: {first} and {second}, two things that can be done here, as nouns: "the way north", "a word with …". */
export const CROSSROADS: Variants = [
  'Will it be {first}, or {second}?',
  'There is {first}; there is also {second}. What appeals to you?',
  'You think of {first}, and then of {second}. Which is it?',
  '{First}, perhaps? Or {second}?',
  'What draws you more: {first}, or {second}?',
  'You could choose {first}, or {second}, or neither. What do you do?',
  'Something in you leans towards {first}, something else towards {second}. What wins?',
  'Between {first} and {second}, where do you begin?',
];

export const REFLECTIONS: Variants = [
  'Without your doing anything, something in you sorts itself.',
  'You notice one thing you are glad of, and then, surprisingly, a second.',
  'Your thoughts drift, and not one of them needs chasing.',
  'It occurs to you that you have managed every day so far.',
  'You feel the difference between being still and being stuck.',
  'You remember that not everything growing makes a sound.',
  'For once, nobody is waiting for you to be finished.',
  'A thought you have been carrying turns over and shows its softer side.',
];

export const PRESENCE: Variants = [
  '{Person} is here too, in a {mood} frame of mind.',
  'Nearby you see {person}, looking {mood}.',
  'Not far off, {person} gives you a {mood} nod.',
  '{Person} is close by; the mood there seems {mood}.',
  'You are not alone: {person} is here, {mood} as ever.',
  'A {mood} glance reaches you from {person}.',
];

/** Somebody the player has talked to before, on coming back. */
export const REUNION: Variants = [
  '{Person} sees you coming and makes room for you.',
  '{Person} lifts a hand; you two know each other by now.',
  'There is a nod from {person}, the kind one saves for familiar faces.',
  '{Person} looks up, and looks pleased.',
  'You recognise {person}, and are recognised.',
  '{Person} has not forgotten you; it shows.',
];

/** Somebody who has reason to be careful. */
export const WARY: Variants = [
  '{Person} watches you a little carefully.',
  '{Person} keeps some distance, and you cannot blame that.',
  'Something between you and {person} still wants mending.',
  '{Person} sees you, and waits to see which you it is.',
  'The look that {person} gives you has not decided yet.',
  'You feel the gap that is left between you and {person}.',
];

/** Looking closely at somebody: how the two stand with each other. */
export const ACQUAINTANCE: Readonly<Record<'stranger' | 'known' | 'warm' | 'wary', Variants>> = {
  stranger: [
    'You have not spoken to each other yet.',
    'As yet you know nothing but the look.',
    'The two of you have still to exchange a first sentence.',
    'Whatever is behind that face, you have not asked.',
    'You have not been introduced, and it would be easy to change that.',
    'So far there has been no hello.',
  ],
  known: [
    'You have talked, and would not mind talking again.',
    'You know the voice by now.',
    'The two of you have made a beginning.',
    'You have a few sentences in common already.',
    'The ice, if there was any, is broken.',
    'You know each other a little; it is enough to go on with.',
  ],
  warm: [
    'There is real ease between you by now.',
    'You have become something to each other, slowly, by talking.',
    'You notice how little you need to pretend here.',
    'Every talk has left a little warmth, and it has added up.',
    'This is a face you would miss.',
    'You are on good ground with each other.',
  ],
  wary: [
    'Between you there is something that still smarts.',
    'You are not easy with each other, not yet, not again.',
    'A certain coolness remains, and it has its reasons.',
    'Trust has been spent here; it could be earned back.',
    'There is a distance that a kind sentence might shorten.',
    'You remember how it went the last time, and so do those eyes.',
  ],
};

export const THINGS_HERE: Variants = [
  'You notice {things}.',
  'Here you find {things}.',
  'Your eye falls on {things}.',
  'There is something to look at here: {things}.',
  'Within reach: {things}.',
  'Near at hand you see {things}.',
];

export const PEOPLE_HERE: Variants = [
  'You see {people} close by.',
  'You are not alone; {people} can be found here.',
  'Nearby you see {people}.',
  'You share the place with {people}.',
  'Within earshot: {people}.',
  'For company you have {people}.',
];

export const WAYS_ON: Variants = [
  'As for ways on, {ways}.',
  'If you want to move on, {ways}.',
  'Looking for the ways out, you find that {ways}.',
  'When you are ready to leave, {ways}.',
  'From here, {ways}.',
  'Should your feet itch, {ways}.',
];

/** Places: {thing}, which the player carries. */
export const CARRIED: Variants = [
  'You still have {thing} with you; your hand checks, and is satisfied.',
  'Among your things, {thing} {makes} a small, definite weight.',
  'You think of {thing}, safe where you put {it}.',
  'As you move, {thing} {moves} with you.',
  'Your fingers find {thing} without looking.',
  'It is good to know that {thing} {is} along for the way.',
];

/** Places: {options}, two or three commands in quotation marks. */
export const SUGGESTIONS: Variants = [
  'What did you have in mind? You could try {options}.',
  'Could you put it another way? For example {options}.',
  'What would you like to happen? These would work: {options}.',
  'Can you say it more simply? Perhaps {options}.',
  'What are you hoping to do? You might say {options}.',
  'Shall we try again? The story understands {options}.',
];

/** Places: {options}, commands; or, without any, {verb} in its plain form. */
export const WHICH_ONE: Variants = [
  'Which do you mean: {options}?',
  'Would it be {options}?',
  'Is it {options} that you have in mind?',
  'Do you want to try {options}?',
  'What shall it be: {options}?',
  'Tell the story a little more: {options}?',
];

export const WHAT_EXACTLY: Variants = [
  'What, or whom, do you mean by that?',
  'Can you name what you have in mind?',
  'Towards what, or towards whom?',
  'Which thing, or which person, is it?',
  'Could you say it with a name?',
  'What is it that you are thinking of?',
];

/** When every other end would say what is to be avoided; each says little, and they have few words in common. */
export const BARE_INVITATIONS: Variants = [
  'What now?',
  'And you?',
  'What else?',
  'Yes?',
  'How about it?',
  'Shall we?',
];

/** Likewise for the beginning and for what is too short: they speak of nothing. */
export const BARE_LINES: Variants = [
  'For a little while nothing more is asked, and that is all right.',
  'All is well enough, just so, with no more to be said about it for the present.',
  'The moment passes gently, leaving plenty of space for whatever comes afterwards.',
  'You are here, and it is enough to be here, with nobody in a rush.',
  'It is as it is, and so are you, and that will do nicely.',
  'Everything keeps quite still, then goes on as it always has.',
];

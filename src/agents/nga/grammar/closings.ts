import type { Variants } from '../select.ts';

/** The last sentence hands the story back to the player. */
export const INVITATIONS: Variants = [
  'What do you do?',
  'Where does your attention go next?',
  'What calls to you now?',
  'What would you like to do next?',
  'The next step is yours. Which will it be?',
  'What happens now is up to you. What will it be?',
  'And now?',
  'Which way does your curiosity lean?',
];

export const REFLECTIONS: Variants = [
  'Without your doing anything, something in you sorts itself.',
  'You notice one thing you are glad of, and then, surprisingly, a second.',
  'Your thoughts drift, and not one of them needs chasing.',
  'It occurs to you that you have managed every day so far.',
  'You feel the difference between being still and being stuck.',
  'You remember that not everything growing makes a sound.',
];

export const PRESENCE: Variants = [
  '{Person} is here, in a {mood} frame of mind.',
  'Nearby you see {person}, looking {mood}.',
  'Not far off, {person} gives you a {mood} nod.',
  '{Person} is close by; the mood there seems {mood}.',
  'You are not alone: {person} is here, {mood} as ever.',
  'A {mood} glance reaches you from {person}.',
];

export const THINGS_HERE: Variants = [
  'You notice {things}.',
  'Here you find {things}.',
  'Your eye falls on {things}.',
  'There is something to look at here: {things}.',
  'Within reach: {things}.',
  'Near at hand you see {things}.',
];

export const PEOPLE_HERE: Variants = [
  'In company here: {people}.',
  'You see {people} close by.',
  'You are not alone; {people} can be found here.',
  'Nearby you see {people}.',
  'You share the place with {people}.',
  'Within earshot: {people}.',
];

export const WAYS_ON: Variants = [
  'As for paths, {ways}.',
  'If you want to move on, {ways}.',
  'Looking for the ways out, you find that {ways}.',
  'For travellers, {ways}.',
  'From here, {ways}.',
  'Should your feet itch, {ways}.',
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
  'Toward what, or toward whom?',
  'Which thing, or which person, is it?',
  'Could you say it with a name?',
  'What is it that you are thinking of?',
];

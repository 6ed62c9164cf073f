import type { Variants } from '../select.ts';

/** First sentences where a conversation goes on. Place: {person}. */
export const TALKING_ON = {
  talk_to: [
    'You stay with {person}, and with the conversation.',
    'You and {person} are not done talking.',
    'You say it to {person} as it comes.',
    'You go on, and {person} is still there.',
    'There is more to say, and you say it to {person}.',
    'You look at {person} and find the next sentence.',
    'You let {person} have the rest of it.',
    'You pick up the thread with {person}.',
    'You take your turn, as one does, and {person} waits for it.',
    'You tell {person}, without dressing it up.',
    'Between you and {person} the talk goes on.',
    'You do not leave {person} guessing.',
  ],
  ask: [
    'You have another question for {person}.',
    'You ask on, and {person} does not seem to mind.',
    'That leads you to a question, and you give it to {person}.',
    'You want to know a little more from {person}.',
    'You look at {person}, and the question is out.',
    'One thing you would still like to ask {person}.',
    'You put it to {person} as it comes to you.',
    'You are curious, and you let {person} see it.',
    'You tilt your head and ask {person}.',
    'The talk has brought up a question, and {person} is to have it.',
    'You ask {person}, since you are talking anyway.',
    'You wonder aloud, in the direction of {person}.',
  ],
} as const satisfies Record<string, Variants>;

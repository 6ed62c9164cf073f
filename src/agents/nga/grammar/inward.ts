import type { Variants } from '../select.ts';
import type { Gesture } from './gestures.ts';

/** What is there everywhere, and looked at or felt. Place: {thing}. */
export const SENSING: Variants = [
  'You turn to {thing}, which {is} simply there.',
  'You give {thing} your attention, and that is enough to do.',
  'You let {thing} be everything for a breath or two.',
  'There {is} {thing}, and there are you; for now that is all.',
  'You stay with {thing} until your thoughts have caught up.',
  'You notice {thing} the way one notices a friend in a crowd.',
  'You take your time with {thing}, since nobody is in a hurry for you to be done.',
  'Your attention comes down, slowly, and settles on {thing}.',
];

/** What is done for its own sake: a rest may begin so. */
export const PASTIMES: readonly Gesture[] = [
  {
    name: 'thoughts',
    words: /\b(think|remember|imagine|dream|daydream|reflect|ponder|reminisce|muse|wander)\b/,
    openings: [
      'You let your thoughts go there, and stay with them.',
      'You turn inward, where it is.',
      'It comes to mind, and you let it take a seat.',
      'Your thoughts set out, and you go along.',
      'You give it room in you, as much as it asks for.',
      'For a while you are elsewhere, and nobody minds.',
      'You hold it up to the light, in your mind.',
      'You follow the thought to where it began.',
    ],
  },
  {
    name: 'play',
    words: /\b(sing|dance|hum|whistle)\b/,
    openings: [
      'You do just that, for nobody in particular.',
      'It is done as soon as thought, and it feels good.',
      'You begin shyly, and then you do not.',
      'You let it out, and the air makes room.',
      'Nobody asked for it, which is the best of reasons.',
      'You do it the way children do, from the middle outward.',
      'Your body knows how it goes, and you let it.',
      'You do it, not well and not badly, and gladly.',
    ],
  },
];

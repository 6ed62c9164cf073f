import type { FeelingGroup } from './feelings.ts';
import type { Variants } from '../select.ts';

/** A feeling that was spoken of some turns ago, remembered gently. Places: {emotion}. */
export const FEELING_MEMORIES: Readonly<Record<FeelingGroup, Variants>> = {
  heavy: [
    'You said that you felt {emotion}. It may still be there; it does not have to be gone for this to be good.',
    'The part of you that felt {emotion} comes along, at its own pace.',
    'What you said a while ago, that you felt {emotion}, has not been forgotten here.',
    'If you are still {emotion}, that is allowed, here too.',
    'Feeling {emotion} has not kept you from coming this far.',
    'Part of you is still {emotion}, and another part, look, is not.',
    'You feel for the place in you that was {emotion}; it is still tender, and it has company now.',
    'You said that you felt {emotion}, some while ago. Nothing you have done since has been wrong for that.',
    'The word you found a while ago, {emotion}, walks a step behind you, and that is near enough.',
    'It is no contradiction to feel {emotion} and to be here.',
    'A little of feeling {emotion} has been put down along the way; you could not say where.',
  ],
  stirred: [
    'You felt {emotion} a while ago. You check, and it has moved, if only by a finger’s breadth.',
    'What made you {emotion} is not here, not in this moment.',
    'The part of you that felt {emotion} seems to be watching now, rather than steering.',
    'If you are still {emotion}, there is room for that, and for the rest of you as well.',
    'You said that you felt {emotion}; since then you have taken several breaths, and they have added up.',
    'Still {emotion}, perhaps, and doing this all the same.',
    'You felt {emotion} before. Your hands, you notice, have already forgotten it.',
    'The word {emotion} is still somewhere about, but quieter than when you said it.',
    'You were {emotion}, and look how you have gone on noticing things.',
    'Feeling {emotion} came like a wave; you are standing in what is left of it, to the ankles.',
    'You think back to feeling {emotion}. It was true, and it was not all.',
  ],
  light: [
    'You felt {emotion} a while ago, and some of it has stayed in your step.',
    'The {emotion} moment from before is still giving off warmth.',
    'You said that you felt {emotion}; it seems to have coloured things a little.',
    'Something of that {emotion} feeling is here, too.',
    'You are carrying that {emotion} feeling along, and it weighs nothing.',
    'It is still there, when you look for it: what made you {emotion}.',
    'You felt {emotion} before; it has left a lamp on somewhere.',
    'A trace of feeling {emotion} goes over your face again.',
    'You remember feeling {emotion}, and for a moment it is not a memory.',
    'What made you {emotion} has not been used up.',
    'The day is still a little {emotion}, on your account.',
  ],
};

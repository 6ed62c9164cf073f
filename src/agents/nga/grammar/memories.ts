import type { FeelingGroup } from './feelings.ts';
import type { Variants } from '../select.ts';

/** A feeling that was spoken of some turns ago, remembered gently. Places: {emotion}. */
export const FEELING_MEMORIES: Readonly<Record<FeelingGroup, Variants>> = {
  heavy: [
    'You said that you felt {emotion}. It may still be there; it does not have to be gone for this to be good.',
    'The {emotion} part of you comes along, at its own pace.',
    'What you said a while ago, that you felt {emotion}, has not been forgotten here.',
    'If you are still {emotion}, that is allowed, here too.',
    'Feeling {emotion} has not kept you from coming this far.',
    'Somewhere in you it is still {emotion}, and somewhere else, look, it is not.',
  ],
  stirred: [
    'You felt {emotion} a while ago. You check, and it has moved, if only by a finger’s breadth.',
    'What made you {emotion} is not here, not in this moment.',
    'The part of you that felt {emotion} seems to be watching now, rather than steering.',
    'If you are still {emotion}, there is room for that, and for the rest of you as well.',
    'You said that you felt {emotion}; since then you have taken several breaths, and they have added up.',
    'Still {emotion}, perhaps, and doing this all the same.',
  ],
  light: [
    'You felt {emotion} a while ago, and some of it has stayed in your step.',
    'The {emotion} moment from before is still giving off warmth.',
    'You said that you felt {emotion}; it seems to have coloured things a little.',
    'Something of that {emotion} feeling is here, too.',
    'You are carrying that {emotion} feeling along, and it weighs nothing.',
    'It is still there, when you look for it: {emotion}, from before.',
  ],
};

import type { Emotion } from '../../../contracts/intent.ts';
import type { Variants } from '../select.ts';

/** Feelings that are held in the same way: heavy ones, stirred ones and light ones. */
export type FeelingGroup = 'heavy' | 'stirred' | 'light';

export const FEELING_GROUPS: Readonly<Record<Emotion, FeelingGroup>> = {
  sad: 'heavy',
  lonely: 'heavy',
  lost: 'heavy',
  ashamed: 'heavy',
  guilty: 'heavy',
  numb: 'heavy',
  tired: 'heavy',
  anxious: 'stirred',
  overwhelmed: 'stirred',
  angry: 'stirred',
  afraid: 'stirred',
  confused: 'stirred',
  calm: 'light',
  hopeful: 'light',
  happy: 'light',
  grateful: 'light',
  proud: 'light',
  curious: 'light',
};

/** Openings that name the feeling and let it be so. */
export const FEELING_OPENINGS: Readonly<Record<FeelingGroup | 'unnamed', Variants>> = {
  heavy: [
    'You feel {emotion}, and saying so took some courage.',
    'So this is where you are: {emotion}. There is room for that here.',
    'Feeling {emotion} is nothing to apologise for; it is weather, and it is real.',
    'You say it plainly, that you feel {emotion}, and the world does not flinch.',
    'To feel {emotion} is a weight, and you have been carrying it with some grace.',
    'You feel {emotion}. It makes sense that you do, and you need not hide it.',
    'Feeling {emotion} can make every step longer, and still you have come here and said it.',
    'You have put it into so many words: {emotion}. It can stand here beside you for a while.',
    'You feel {emotion}, and you did not dress it up. Thank you for that.',
    'Part of you feels {emotion} today, and there is also the one who noticed it.',
    'Feeling {emotion} has been walking beside you, then. It may sit down.',
    'To say that you feel {emotion} is not small; it is a door left ajar.',
  ],
  stirred: [
    'You feel {emotion}, and your body has noticed it too. That makes sense.',
    'Feeling {emotion} is a lot to hold at once, and you are holding it.',
    'You name it: {emotion}. Named things often grow a little smaller.',
    'So you feel {emotion}. Nothing is wrong with you for that; something matters to you.',
    'To feel {emotion} is to have a heart that keeps watch, and yours does.',
    'You feel {emotion}, and you are allowed to take it slowly from here.',
    'There is a word for the noise in you, and you have found it: {emotion}. Many know it well.',
    'Feeling {emotion} is like weather from the inside, loud and true, and it passes through.',
    'You feel {emotion}, and anyone who stood where you stand might.',
    'You feel {emotion}, and it is loud, and you are still the one who is listening.',
    'So much at once, and feeling {emotion} is the sum of it. You are allowed to feel that.',
    'You say {emotion}, and the word takes a little of the pressure with it.',
  ],
  light: [
    'You feel {emotion}, and it is worth standing still for.',
    'Feeling {emotion} suits you; let it have its full length.',
    'So there it is: {emotion}. You came by it honestly.',
    'You say that you feel {emotion}, and the moment brightens by a shade.',
    'To feel {emotion} is a gift that asks for nothing back.',
    'You feel {emotion}. It is good to notice such things while they are here.',
    'You notice that you feel {emotion}, and noticing makes it last.',
    'Feeling {emotion}, you say, and even your voice has a bit of it. Good.',
    'You feel {emotion}, and it looks well on the day.',
    'You feel {emotion}, plainly and brightly, and nobody will ask you to explain it.',
    'You say it as it is: {emotion}. Some things need no more than that.',
    'There is a lift in you, and the word for it is {emotion}.',
  ],
  unnamed: [
    'Something is moving in you, and it need not have a name yet.',
    'You turn towards what you feel, which is already a brave thing to do.',
    'Feelings do not always arrive with a label; yours is welcome all the same.',
    'You try to say what is going on inside, and that counts, even unfinished.',
    'Whatever it is that you feel, it has a right to be here.',
    'You listen inward. It is all right if the answer comes slowly.',
    'There is a feeling in this, and it does not have to explain itself.',
    'You have said something true about yourself, and it has been heard.',
  ],
};

/** What may help, offered and never ordered. */
export const FEELING_SUPPORT: Readonly<Record<FeelingGroup | 'unnamed', Variants>> = {
  heavy: [
    'Nothing has to be mended this minute.',
    'You might let your shoulders drop, just a little, and see what happens.',
    'Heavy things can be put down for a while and picked up later, or not.',
    'Even a slow breath is a kind of company.',
    'You do not have to carry all of it at the same time.',
    'For now it is enough to be here.',
    'You may stay exactly as you are, and be kept company.',
    'Some things are only waiting to be felt all the way to the end.',
  ],
  stirred: [
    'You could try one long breath out, longer than the breath in.',
    'Feel the ground: it has been holding you the whole time.',
    'Only the next small thing needs deciding, and not even that right away.',
    'Like water, this will settle if nobody stirs it for a while.',
    'Choose one thing you can see, and let your eyes rest on it.',
    'The wave is high, and waves do what waves do: they pass.',
    'Somewhere below all that, your breath is going about its work.',
    'You are allowed to do one thing at a time, and nothing counts as a thing.',
  ],
  light: [
    'You might ask yourself what helped it come.',
    'Perhaps there is somebody you would like to share it with.',
    'Let it sink in; good things deserve to be remembered as carefully as bad ones.',
    'Take a small snapshot of it, for a greyer day.',
    'It asks for nothing but your attention.',
    'You let it warm you from the inside outward.',
    'It fits you well, and there is no need to be careful with it.',
    'You have room for more of this than you may think.',
  ],
  unnamed: [
    'You might ask where in your body it lives.',
    'If it had a colour, what would it be?',
    'There is no wrong way to feel it.',
    'A slow breath may give it room.',
    'Perhaps it only wants to be noticed first.',
    'You can stay with it for as long as that feels right.',
    'Names can come later, or not at all.',
    'It does not need to become anything before it may be here.',
  ],
};

/** Gentle ends after a feeling: nothing is pushed forward. */
export const FEELING_INVITATIONS: Variants = [
  'What would feel kind right now?',
  'What do you need most in this moment?',
  'Stay a while, or say more, whichever you like. What feels right?',
  'Is there a word you would like to add?',
  'What small thing would do you good?',
  'There is time. What would you like to do with it?',
  'Would you like company, or quiet?',
  'What, if anything, would make this moment a little softer?',
];

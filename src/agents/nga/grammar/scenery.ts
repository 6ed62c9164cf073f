import type { Variants } from '../select.ts';

/** What the senses find, by the theme of the place. Light, air and sound only: nothing one could walk up to. */
export const SCENERY: Readonly<Record<string, Variants>> = {
  mindfulness: [
    'Your breath finds its own pace, in and out.',
    'The air smells of leaves and clean earth.',
    'A bird sings two notes, thinks, and sings them again.',
    'Sunlight moves over the ground at the speed of patience.',
    'For a few heartbeats, there is nothing you need to solve.',
    'Somewhere a leaf lets go, and takes its time falling.',
  ],
  social_connection: [
    'Laughter comes from an open window, and somebody joins in.',
    'The air is warm with bread and conversation.',
    'A child runs past, waves at you for no reason, and is gone.',
    'Greetings are called back and forth across the cobbles.',
    'Somebody is humming, and somebody else knows the tune.',
    'It is the kind of place where people hold doors for one another.',
  ],
  self_reflection: [
    'Dust drifts through the lamplight like slow, golden snow.',
    'It is quiet enough to hear yourself think, and safe enough to listen.',
    'The air smells of paper, wax and long afternoons.',
    'A clock ticks somewhere, in no hurry to be right.',
    'Thoughts come easily here, one at a time.',
    'The silence has a grain, like wood.',
  ],
  courage: [
    'The wind is strong, and so, it turns out, are you.',
    'Your heart beats hard, in the good way.',
    'A hawk hangs on the air, holding still by never stopping.',
    'The stone underfoot is rough and keeps its promises.',
    'From up here, yesterday’s worries look like other people’s fields.',
    'The air is thin and bright and tastes of distance.',
  ],
  hope: [
    'The light has the freshness of something just begun.',
    'Something small is in bloom; you can smell it.',
    'The breeze brings warmth from a place you cannot see.',
    'A lark goes up and up, spending its whole song at once.',
    'It feels like the hour before good news.',
    'Green things are growing, without making any fuss about it.',
  ],
  resilience: [
    'Everything here has weathered something and is still here.',
    'The wind leans on you, and you find that you can lean back.',
    'There is a deep steadiness underfoot.',
    'The air smells of resin and rain that has passed.',
    'What is bent here has gone on growing.',
    'You feel your own footing, and it is good.',
  ],
  wonder: [
    'For a moment you forget to have an opinion, and just look.',
    'The light does something here it does nowhere else.',
    'A hush lies over everything, as before music.',
    'Something glints at the edge of your sight and is gone.',
    'You have the feeling of being inside a held breath.',
    'Even your own footsteps sound surprised to be here.',
  ],
};

/** For themes this file has never heard of. */
export const ANY_SCENERY: Variants = [
  'The air is mild, and the light is kind.',
  'A breeze passes, touching everything once.',
  'It is quiet, in a way that leaves room for you.',
  'The day goes on around you, unhurried.',
  'You become aware of small sounds, one after another.',
  'For a moment, nothing asks anything of you.',
];

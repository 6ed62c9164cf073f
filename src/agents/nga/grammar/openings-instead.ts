import type { Variants } from '../select.ts';

/** Openings when the action is plain but its target is not. */
export const UNCLEAR_OPENINGS: Variants = [
  'You pause with the thought half formed.',
  'You begin, then hesitate.',
  'Your intention is clear; its object is not, yet.',
  'You stop mid-gesture, deciding.',
  'Something in the plan is still missing a name.',
  'You are ready; only one detail is open.',
  'You have the verb, as it were, and look about for the noun.',
  'You get as far as the wish.',
  'You start, and find that the start is all you have so far.',
  'Half of it is decided already.',
  'You know the what, and not yet the which.',
  'Your hands are ready before your mind is.',
  'You lift a finger, as people do who are about to be more exact.',
  'There is a gap in the plan, just the size of a word.',
  'You mean something, and it is on the tip of your tongue.',
  'You stop short, one detail away from doing it.',
  'Not so fast, you tell yourself, and think again.',
  'You have begun, which is the greater part.',
  'You look from one possibility to another.',
  'You hold the thought, waiting for the rest of it.',
];

/** When the line before was not understood either. */
export const STILL_UNKNOWN: Variants = [
  'You try another way round, and the story tries too, and still the two of you miss each other.',
  'Again the sentence slips through; that is nobody’s fault.',
  'Not that way either, it seems.',
  'The story would like to follow you, and asks for smaller steps.',
  'You are patient with the story, and it will try to deserve that.',
  'Still no luck with the meaning, though the effort does you credit.',
  'You say it differently, and it stays a secret.',
  'The story leans closer, and still the meaning slips by.',
  'That, too, goes over the head of things.',
  'Once more your words find no place to land.',
  'The world spreads its hands, as if to say that it is trying.',
  'It is a good sentence, and homeless so far.',
  'Something in it almost catches, and does not.',
  'You knock again, and the wrong door stays shut.',
  'The story has heard you, and is none the wiser.',
  'Between what you mean and what is understood there is still a gap; it can be stepped over.',
  'You rephrase it for the world, and the world frowns in concentration.',
  'The answer is on its way, perhaps, but the question has not arrived.',
  'A second try, and a second friendly silence.',
  'You and the story look at each other, and both would like to help.',
];

/** A second look around at the same place. */
export const LOOK_AGAIN: Variants = [
  'You look a second time, which is how one finds the rest.',
  'You go over it all once more, slower.',
  'You look again; the light at least has moved.',
  'Another look, and you notice what you had only seen.',
  'You check whether it is all still there, and are oddly glad that it is.',
  'You let your eyes go round again, the other way.',
  'You look once more, to let the place correct you.',
  'Again you look about, and begin somewhere else this time.',
  'You look around a little longer than you need to.',
  'You see what you have seen, and a shade more.',
  'You let the place tell itself a second time.',
  'You look as if somebody had asked you to remember it all.',
  'Once more your gaze goes the round, like a lamplighter.',
  'You look back over it, line by line.',
  'You look past the things, and then at them again.',
  'You look until there is nothing left over.',
  'You take one more turn on your heel.',
  'You narrow your eyes, and widen them, and compare.',
  'You look at what you left out before.',
  'The second look, as so often, is the friendlier one.',
];

/** When what is meant is not here: looking for it is all that can be said. Place: {thing}, a thing or a person. */
export const SEARCHING: Variants = [
  'You look round for {thing}.',
  'You cast about for {thing}, near things first.',
  'Your thoughts are with {thing}, and your eyes go looking.',
  'You turn on your heel, hoping to find {thing}.',
  'You have {thing} in mind, and look up to see where that might be.',
  'You search the place, in a friendly way, for {thing}.',
  'You expect {thing} at every next glance.',
  'You half close your eyes, as if {thing} might step out of the light.',
  'It is {thing} you are after, and you go about it patiently.',
  'You listen first, then look, for {thing}.',
  'You make a small round of the place, with {thing} in mind.',
  'You would give a good deal, just now, for a sight of {thing}.',
  'You go up on your toes, for a sign of {thing}.',
  'You ask the air about {thing}, in a manner of speaking.',
  'You begin to look for {thing} as one looks for a word.',
  'You try to recall where {thing} might be.',
  'Your glance goes out after {thing}.',
  'You have a good look about, on account of {thing}.',
  'You follow a hunch, and the hunch is about {thing}.',
  'You let your eyes wander, with {thing} at the back of your mind.',
];

/** In the middle of a turn: something is looked at next. Place: {thing}. */
export const NEXT_GLANCE: Variants = [
  'Your eyes go on to {thing}.',
  'Then you turn to {thing}.',
  'Next you look at {thing}.',
  'From there your attention passes to {thing}.',
  'You let {thing} come next.',
  'You have a look at {thing}, too.',
];

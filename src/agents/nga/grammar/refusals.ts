import type { RejectionCode } from '../../../contracts/world.ts';
import type { Variants } from '../select.ts';

/** Why something did not happen, told from inside the world. Places as in outcomes.ts, and {ways}. */
export const REFUSALS: Readonly<Record<RejectionCode, Variants>> = {
  no_exit: [
    'But no way leads there; {ways}.',
    'The ground does not offer that way. From here, {ways}.',
    'There is no path in that direction, though {ways}.',
    'You look for a way through and find none; {ways}.',
    'That way is not open to you here, but {ways}.',
    'Nothing leads there from this spot. Still, {ways}.',
    'You go a few steps, and the way gives out under the idea of itself; {ways}.',
    'It looks like a way only until you stand before it. Better: {ways}.',
  ],
  not_here: [
    'But {thing} {is} somewhere else, not here.',
    'You look about; {thing} {is} not in this place.',
    '{Thing} {is} not within reach: not here, not now.',
    'Your eyes go round once and come back without {thing}.',
    'Wherever {thing} may be, this is not the place.',
    'You would have to look elsewhere for {thing}.',
  ],
  not_portable: [
    'But {thing} {belongs} here and will not be carried off.',
    '{Thing} {stays} put, kindly but firmly.',
    'There is no carrying {thing}; some things are for visiting.',
    'You might as well try to pocket the afternoon as {thing}.',
    '{Thing} {is} not something a person can carry.',
    'After a moment you let be; {thing} {is} part of this place.',
  ],
  not_carried: [
    'But you do not have {thing} with you.',
    'Your hands come up empty: you are not carrying {thing}.',
    'You check, and {thing} {is} not among your things.',
    'For that, you would first need to have {thing}.',
    'You are not carrying {thing}, so there is nothing to let go of.',
    'You feel for {thing} and find only pocket.',
  ],
  already_carried: [
    'Then you notice that you have {thing} already.',
    'But {thing} {is} with you already, safe and sound.',
    'You are carrying {thing} as it is.',
    'A pat of the pocket reminds you: {thing} {is} already yours.',
    'No need, as {thing} {is} in your keeping.',
    'You smile at yourself; you had {thing} all along.',
  ],
  closed: [
    'But {thing} {is} closed; opening comes first.',
    'First {thing} would have to be opened.',
    '{Thing} {is} still closed, keeping quiet for now.',
    'There is not much to be done while {thing} {is} closed.',
    '{Thing} {is} closed and {gives} nothing away.',
    'You find {thing} closed. It might open, if you try.',
  ],
  unknown_entity: [
    'But you find no sign of {thing} anywhere.',
    'As far as you can tell, there is no such thing here as {thing}.',
    'You look, but this world seems to hold nothing of the kind.',
    'Nothing here answers to that name.',
    'You search, and all you find of {thing} is the name.',
    'If there is such a thing as {thing}, it is not part of this story.',
    'You look for {thing} in all the likely spots, and there is nothing.',
  ],
  not_suitable: [
    'But {thing} {is} not made for that.',
    'That is not something {thing} can give you.',
    '{Thing} {takes} no part in it, however nicely you try.',
    'It does not work; {thing} {has} another nature.',
    'You realise that {thing} and your plan do not fit together.',
    '{Thing} {remains} politely, entirely unchanged.',
  ],
  already_open: [
    'But {thing} {is} open already.',
    'You find {thing} open, as if waiting for you.',
    'It seems {thing} {is} open as it is.',
    'Nothing to do there: {thing} {is} already open.',
    '{Thing} {lies} open before you, and {has} done so for a while.',
    'Someone, perhaps you, has already opened {thing}.',
  ],
  already_closed: [
    'But {thing} {is} closed already.',
    'You find {thing} properly closed.',
    'Nothing to do there: {thing} {is} already closed.',
    'It seems {thing} {is} closed as it is.',
    '{Thing} {rests} closed, just as you wanted.',
    'That is done: {thing} {is} closed.',
  ],
  already_exists: [
    'But the world holds that already.',
    'It turns out that this is already so.',
    'Nothing needs adding; it is there.',
    'The world shrugs gently: it has one of those.',
    'That place in the story is already taken.',
    'But this has been part of the world for a while.',
  ],
  content_blocked: [
    'But the world lets that one pass by.',
    'That does not find its way into this story.',
    'The story keeps that part to itself.',
    'For that there is no place here.',
    'The world stays as it is, and that is well.',
    'That part is left out, and the rest goes on.',
  ],
};

/** A way that was closed at a place the player has left since, in the same breath. */
export const NO_EXIT_ON_THE_WAY: Variants = [
  'One of the ways you had in mind is not there, so you leave it out.',
  'At one point no path leads where you wanted, and you carry on.',
  'One turning proves to be none, which costs you only a moment.',
  'Part of your plan meets solid ground; the rest goes on.',
  'One direction is closed to you, and you let it go.',
  'There is no way through at one point, so you continue without it.',
];

/** A look at something that is not in sight. */
export const UNSEEN: Variants = [
  'But you see nothing of the kind here.',
  'Search as you may, it is not to be seen from here.',
  'Yet nothing in sight answers to that description.',
  'Only, there is no such thing before you.',
  'You find you are looking at the place where it is not.',
  'But if it exists, it is not in view.',
];

/** Walking towards somebody or something that is here, or to where one already stands. */
export const ALREADY_AT: Variants = [
  'But there is no need to go anywhere: {thing} {is} right here.',
  'Then you notice that {thing} {is} already before you.',
  'You are there already; {thing} {is} as near as can be.',
  'It turns out to be a journey of no steps at all: here {is} {thing}.',
  'You have only to look: {thing} {is} here.',
  'No road is needed, since {thing} {is} where you are.',
];

export const TOO_MANY: Variants = [
  'The rest will keep for a moment.',
  'What else you had in mind can follow.',
  'For the rest, take another breath first.',
  'There was more in your plan; bring it up again when you are ready.',
  'The remaining steps wait their turn.',
  'One handful at a time; the rest is for later.',
];

/** When all there is was asked for, and there is nothing. */
export const NOTHING_OF_IT: Variants = [
  'But there is nothing here that wants to come along.',
  'You look it all over, and everything here is at home.',
  'It comes to nothing, as nothing here is for the taking.',
  'All there is of that kind here is none.',
  'You find that there is nothing to be done about everything at once.',
  'Your hands come back as they went.',
];

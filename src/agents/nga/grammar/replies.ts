import type { Variants } from '../select.ts';

/** The answer to a question nobody here can settle, or would settle for the player. Place: {person}. */
export const WONDERING: Variants = [
  '“Now that is a question,” says {person}. “I would rather turn it over with you than answer it too fast.”',
  '{Person} thinks about it, properly. “I have two answers,” comes the reply, “and they are not on speaking terms.”',
  '“If I knew that for certain,” says {person}, “you would be the first to hear.”',
  '{Person} smiles a little. “What would you like the answer to be? That is often a good place to start.”',
  '“Ask me again when we know each other longer,” says {person}. “By then I may have noticed.”',
  '“I could say something clever,” says {person}, “but honestly: I do not know, and I like that you asked.”',
  '{Person} looks at you kindly. “People have asked me many things, and that one seldom. Stay, and we will see.”',
  '“Some of it I could tell you, some of it I am still finding out,” says {person}.',
];

/** What somebody says who was told something. Place: {person}. */
export const LISTENING: Variants = [
  '“I see,” says {person}, and it does not sound like a phrase.',
  '{Person} nods slowly. “Go on, if you like. I am not in a hurry.”',
  '“Thank you for saying so,” says {person}. “That helps me to know you.”',
  '{Person} lets it stand for a moment, as one lets tea stand.',
  '“And how is that for you?” asks {person}.',
  '“Then that is how it is,” says {person}, “and it may be so, with me.”',
  '{Person} listens to the end, and a little beyond it.',
  '“That is worth knowing,” says {person}, and seems to put it somewhere safe.',
];

/** Places: {place}, which lies {direction} of here, and {person}. */
export const POINTING: Variants = [
  '“{Place}?” {Person} points. “Go {direction}; you cannot miss it.”',
  '“That is no secret,” says {person}. “{Direction}, and {place} comes to meet you.”',
  '“Just {direction} from here,” says {person}. “Say hello to {place} from me.”',
  '{Person} turns you gently by the shoulder until you face {direction}. “There. {Place}.”',
  '“For {place} you go {direction},” says {person}. “The walk is the nicest part.”',
  '“{Direction},” says {person} at once. “I could find {place} asleep.”',
];

/** What was given comes back. Places: {thing}, {it}, {person}. */
export const HANDED_BACK: Variants = [
  '{Person} gives {thing} back to you, without a question.',
  '“It was good to have for a while,” says {person}, and puts {thing} into your hands.',
  '{Person} hands {thing} over, a little warmer than before.',
  'You ask, and {person} returns {thing} as if it had only been a loan.',
  '{Person} has taken good care of {thing}, and now you have {it} again.',
  'With a nod, {person} lets {thing} go back to you.',
];

/** Somebody was to be spoken to, and there is nobody. */
export const NOBODY_TO_TALK_TO: Variants = [
  'There is nobody here but you just now. What would you like to do instead?',
  'You look round, and you are the only one here. How do you go on?',
  'For the moment there is no one here to answer. Where would you look for company?',
  'Nobody is within earshot. What else might be good?',
  'Here you have only yourself to talk to. What would you say, or do?',
  'You are by yourself in this place. Would you like to walk on, or to stay a little?',
];

/** Something was to be picked up, and nothing can be. */
export const NOTHING_TO_TAKE: Variants = [
  'There is nothing here that wants to be carried. What would you like to do instead?',
  'What there is in this place belongs to it. How do you go on?',
  'Nothing loose lies about here. What else might be good?',
  'You look, and there is nothing to pick up. Where next?',
  'All that is here would rather stay. What do you turn to?',
  'This place has nothing to give to take along. What would you like instead?',
];

/** Something was to be given or put down, and nothing is carried. */
export const NOTHING_IN_HAND: Variants = [
  'You carry nothing that you could part with. What would you like to do instead?',
  'Your hands are empty, as it happens. How do you go on?',
  'There is nothing with you to let go of. What else might be good?',
  'You check, and you have brought nothing along. What do you turn to?',
  'To give a thing one has to have one, and you travel light. Where next?',
  'Nothing is in your pockets today. What would you like instead?',
];

/** Only one thing can be meant, and it was not said. Place: {options}, a command. */
export const THAT_ONE: Variants = [
  'Would it be {options}?',
  'Do you want to try {options}?',
  'Is it {options} that you have in mind?',
  'Did you mean {options}?',
  'Perhaps {options}?',
  'Shall it be {options}?',
];

/** Nobody else is here. */
export const NOBODY_HERE: Variants = [
  'There is nobody here but you.',
  'You have the place to yourself.',
  'Nobody is to be seen; you are on your own here, in a good way.',
  'Apart from you the place is empty of people.',
  'You look and listen, and there is no one else.',
  'For now, the only one here is you.',
];

/** Places: {place}, which lies {direction} of here. */
export const LIES_THERE: Variants = [
  'From here you can only tell that {place} lies {direction}.',
  'The way to {place} leads {direction}.',
  '{Direction} of where you stand, out of sight, is {place}.',
  'You would have to go {direction} to get to {place}.',
  'It is not far: {place} is {direction} from here.',
  'If you went {direction}, you would come to {place}.',
];

/** Ends of a turn in which the player takes leave. */
export const PARTINGS: Variants = [
  'Is there anything you would like to do before you go?',
  'Will you stop here, or is there one more thing?',
  'Shall this be the end for today, or do you stay a moment?',
  'Would you like a last look around, or is it good like this?',
  'Is there somebody you would like to say goodbye to first?',
  'Do you leave it at that for now?',
];

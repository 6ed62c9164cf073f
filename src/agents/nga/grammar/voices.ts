import type { Variants } from '../select.ts';

/** What the people of the starter world say, by their id. */
export const VOICES: Readonly<Record<string, Variants>> = {
  wise_elder: [
    '“I was in a hurry once,” she says. “I have forgotten where to.”',
    '“Most knots,” she says, “were tied by somebody pulling too hard.”',
    '“You have kind eyes for others,” she says. “Try borrowing them for yourself.”',
    '“Sit if you like,” she says. “Answers are shy; they come when one is sitting.”',
    '“The road does not mind being walked slowly,” she says.',
    '“When I do not know what to do,” she says, “I make tea, and then I know about the tea.”',
  ],
  friendly_merchant: [
    '“Looking is free,” he beams, “and smiling gets you a discount on nothing at all, but do it anyway.”',
    '“The crooked apples are the sweetest,” he confides. “They had to work for it.”',
    '“You know what sells best on grey days?” he asks. “A good morning, properly meant.”',
    '“I never haggle before noon,” he says, “and never after. Friends do not haggle.”',
    '“Everyone carries something,” he says. “I just put a price on mine.”',
    '“Business is good,” he says. “Nobody has bought a thing, but what conversations!”',
  ],
  librarian: [
    '“We have every kind of ending,” they murmur, “but people mostly come back for the middles.”',
    '“Take your time,” they whisper. “The fines are paid in stories.”',
    '“No question is too small,” they say. “I have whole shelves for the small ones.”',
    '“One can start reading anywhere,” they say. “Living, too.”',
    '“I have catalogued nine thousand beginnings,” they say, “and every one was nervous.”',
    '“You need not whisper,” they whisper. “I only do it because I like the sound.”',
  ],
};

/** What anybody may say. */
export const ANY_VOICE: Variants = [
  '“It is good to see a friendly face,” comes the answer.',
  '“You have come a fair way,” comes the answer. “It shows, and it suits you.”',
  '“Stay as long as you like,” comes the answer. “I have no plans that would mind.”',
  '“Some days are for doing and some for talking,” comes the answer. “Let this be both.”',
  '“I wondered who would come by today,” comes the answer. “I am glad it was you.”',
  '“Things are well enough,” comes the answer, “and better for being asked.”',
];

/** When the player told somebody how they feel: {emotion}. */
export const HEARD: Variants = [
  'You say that you feel {emotion}, and the answer is first of all a nod: “Thank you for telling me.”',
  '“{Emotion},” comes the reply, gently. “Yes. I know that one. Stay a while.”',
  'The word {emotion} is out, and nobody flinches: “That sounds like a lot to carry alone.”',
  'You admit to feeling {emotion}. “Then we need not hurry,” comes the answer.',
  '“It is all right to feel {emotion},” comes the answer. “You are in good company here.”',
  'You are heard out, {emotion} as you are, without advice and without a glance at the clock.',
];

/** What is said when the player brought up something: {topic} is in the player's words. */
export const ON_TOPIC: Variants = [
  'When you mention {topic}, there is a long, considering nod: “Tell me what it looks like from where you stand.”',
  'The subject of {topic} is turned over gently between you, like a stone warmed by the sun.',
  '“{Topic},” comes the slow reply. “That deserves more than a quick answer. Start with what you already know.”',
  'You speak of {topic}, and you are heard to the end without a single interruption.',
  '“Ah. {Topic},” comes the answer. “You are not the first to bring that here, and it is never foolish.”',
  'As you talk about {topic}, it grows a shape, and a thing with a shape can be looked at.',
];

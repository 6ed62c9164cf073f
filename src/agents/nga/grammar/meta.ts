import type { Variants } from '../select.ts';

export const HELP_TEXT: Variants = [
  'Try “look”, “go north”, “examine” or “take” something, “open”, “use”, “drop” or “give” it, “talk to” or “ask” someone. “I feel …” is always heard; “rest”, “wait”, “inventory” and “status” work anywhere.',
  'You can “look”, “examine” things, “go” somewhere, “take”, “drop”, “use”, “open”, “close” or “give” what you find, “talk to” or “ask” people, “rest” or “wait”. Say “I feel …” at any time; “inventory” and “status” tell you where you stand.',
  'For moving: “go north” or a place’s name. For things: “look”, “examine”, “take”, “drop”, “use”, “open”, “close”, “give”. For people: “talk to”, “ask”. For you: “I feel …”, “rest”, “wait”, “inventory”, “status”.',
  'Say “look” to see, “go” to walk, “examine” to look closer; “take”, “use”, “open”, “give” or “drop” things; “talk to” or “ask” people about anything. “I feel …”, “rest”, “wait”, “inventory” and “status” are yours too.',
  'Words that always work: “look”, “examine”, “go”, “take”, “drop”, “use”, “open”, “close”, “give”, “talk to”, “ask … about”, “rest”, “wait”, “I feel …”, “inventory”, “status”. Several may be joined with “then”.',
  'Move with “go north”, handle things with “take”, “use”, “open”, “give” or “drop”, look with “look” and “examine”, meet people with “talk to” and “ask”. “I feel …” tells the story how you are; “inventory” and “status” tell you.',
];

export const EMPTY_HANDS: Variants = [
  'You carry nothing yet, which leaves both hands free.',
  'There is nothing there but lint and possibility: you carry nothing.',
  'Your hands are empty, and so are your pockets.',
  'You are travelling light: you carry nothing at all.',
  'Nothing so far, only yourself, and that is a start.',
  'You find that you own nothing here yet, and that it does not weigh a thing.',
];

export const CARRYING: Variants = [
  'You carry {things}.',
  'You have {things} with you.',
  'With you: {things}.',
  'There you find {things}.',
  'Among your belongings: {things}.',
  'You are carrying {things}.',
];

export const STATUS_TEXT: Variants = [
  'You are at {place}. The mood is {mood}, and this is turn {turn} of your story.',
  'This is turn {turn}. You are at {place}, where the mood is {mood}.',
  'Place: {place}. Mood: {mood}. Turn: {turn}.',
  'Your story has come to turn {turn} and to {place}; the mood here is {mood}.',
  'It is turn {turn}, the place is {place}, and the mood is {mood}.',
  'At {place}, in a {mood} mood, you have reached turn {turn}.',
];

export const STATUS_NOWHERE: Variants = [
  'This is turn {turn} of your story, and the place is still forming around you.',
  'Your story has come to turn {turn}; where you are is not yet clear.',
  'It is turn {turn}. The surroundings have yet to take shape.',
  'Turn {turn}, and a world that is still clearing its throat.',
  'You have reached turn {turn}; look around, and the place will follow.',
  'It is turn {turn}, and nothing around you has a name yet.',
];

export const SAVE_TEXT: Variants = [
  'Each turn is kept as it happens, for as long as this session lasts, so there is nothing you need to save.',
  'Every finished turn is stored by itself; it stays for as long as this session does.',
  'Your story is recorded turn by turn while this session lives. No separate saving is needed, and none is possible.',
  'There is no save to make: each turn is written down at once and kept until the session ends.',
  'What you have done so far is already stored, turn by turn, for the life of this session.',
  'The story saves itself after every turn and keeps it until this session expires.',
];

export const QUIT_TEXT: Variants = [
  'Nothing needs to be closed: stop here, and your story stays as it is for as long as the session lasts.',
  'Just stop typing. While the session lasts you can come back to exactly this point.',
  'There is nothing to shut down; your last turn is stored, and the session waits until it expires.',
  'You can simply go. As long as the session has not expired, the story continues where you left it.',
  'This command ends nothing by itself: your turns are kept, and the session waits for you while it lasts.',
  'Leave whenever it suits you; until the session expires, everything stays where it is.',
];

import type { Variants } from '../select.ts';

/** How somebody talks: by the way, and about what the player brings up ({topic}, in the player’s words). */
export interface Voice {
  readonly says: Variants;
  readonly onTopic: Variants;
}

/** The people of the starter world, by their id. */
export const VOICES: Readonly<Record<string, Voice>> = {
  wise_elder: {
    says: [
      '“I was in a hurry once,” she says. “I have forgotten where to.”',
      '“Most knots,” she says, “were tied by somebody pulling too hard.”',
      '“You have kind eyes for others,” she says. “Try borrowing them for yourself.”',
      '“Sit if you like,” she says. “Answers are shy; they come when one is sitting.”',
      '“The road does not mind being walked slowly,” she says.',
      '“When I do not know what to do,” she says, “I make tea, and then I know about the tea.”',
      '“I used to collect regrets,” she says. “They took up so much space. Now I collect mornings.”',
      '“Ask me something difficult,” she says. “At my age the easy ones are used up.”',
    ],
    onTopic: [
      '“{Topic}?” She folds her hands. “Tell me what it looks like from where you stand.”',
      'You speak of {topic}, and she hears you out to the end, which takes as long as it takes.',
      '“Ah. {Topic},” she says. “That changes its size, I find, with how near I sit to it.”',
      '“About {topic} I know two things,” she says, “and you are about to find the third.”',
      'She turns {topic} over between the two of you, gently, like a stone warmed by the sun.',
      '“{Topic}.” She lets it stand a moment in the open. “There. It has shown itself, and you are still here.”',
    ],
  },
  friendly_merchant: {
    says: [
      '“Looking is free,” he beams, “and smiling gets you a discount on nothing at all, but do it anyway.”',
      '“The crooked ones are the sweetest,” he confides. “They had to work for it.”',
      '“You know what sells best on grey days?” he asks. “A good morning, properly meant.”',
      '“I never haggle before noon,” he says, “and never after. Friends do not haggle.”',
      '“Everyone carries something,” he says. “I just put a price on mine.”',
      '“Business is good,” he says. “Nobody has bought a thing, but what conversations!”',
      '“I once sold a left shoe,” he tells you, “and waited eleven years for the right customer.”',
      '“My scales are honest,” he says. “It is my thumb that has a sense of humour.”',
    ],
    onTopic: [
      '“{Topic}!” he says. “There is more demand for that than you would think.”',
      'At the mention of {topic} he stops laughing, quite kindly, and listens with his whole apron.',
      '“If I could sell you some peace about {topic},” he says, “I would. I can only keep you company in it.”',
      '“Now {topic},” he says, lowering his voice, “that is nothing one gets wholesale. Go on.”',
      '“{Topic}, is it?” He polishes an apple while you talk, and forgets to stop.',
      'He weighs {topic} in the air between his palms. “Heavier than it looks,” he decides. “You are stronger than I thought.”',
    ],
  },
  librarian: {
    says: [
      '“We have every kind of ending,” they murmur, “but people mostly come back for the middles.”',
      '“Take your time,” they whisper. “The fines are paid in stories.”',
      '“No question is too small,” they say. “I have whole shelves for the small ones.”',
      '“One can start reading anywhere,” they say. “Living, too.”',
      '“I have catalogued nine thousand beginnings,” they say, “and every one was nervous.”',
      '“You need not whisper,” they whisper. “I only do it because I like the sound.”',
      '“People return things here,” they say, “and sometimes, a good while later, themselves.”',
      '“I do not recommend,” they say. “I only leave things lying where they might be found.”',
    ],
    onTopic: [
      '“{Topic},” they repeat, already half way along a shelf in their mind. “Yes. You are in good company with that.”',
      '“On {topic} there is less written than one would wish,” they say, “and more felt.”',
      'They push up one pair of spectacles to think about {topic}, and then the other to think about you.',
      'You speak of {topic}. They make no note of it; it is safe here.',
      '“Most who ask about {topic},” they say, “already carry the first chapter. Read it to me.”',
      '“Ah, {topic}. Misfiled, usually,” they say. “People look under blame. I would look under longing.”',
    ],
  },
};

/** Ways of talking for everybody else; a person keeps one for life. Place: {person}. */
export const TEMPERS: readonly [Voice, ...Voice[]] = [
  {
    says: [
      '“It is good to see a friendly face,” says {person}.',
      '“Stay as long as you like,” says {person}. “I have no plans that would mind.”',
      '“I wondered who would come by today,” says {person}. “I am glad it was you.”',
      '“You look as if you had walked a good way,” says {person}. “It suits you.”',
      '“Some days are for doing and some for talking,” says {person}. “Let this be both.”',
      '“I saved you a place in my thoughts,” says {person}, and seems to mean it.',
    ],
    onTopic: [
      '“{Topic},” says {person}, softly. “Take it from the beginning. I am not going anywhere.”',
      'You speak of {topic}, and {person} nods at the hard parts, as one does who knows them.',
      '“You are not the first to come with {topic},” says {person}, “and it was never foolish.”',
      '“It is good that you bring {topic} here,” says {person}. “Such things like company.”',
      'While you talk of {topic}, {person} moves a little closer and says nothing, well.',
      '“With {topic},” says {person}, “I would be slow and kind. That is all I know of it.”',
    ],
  },
  {
    says: [
      '“Well,” says {person}. “Here you are. That is half of most things.”',
      '“I do not talk much,” says {person}, and after a while: “It is all right if you do.”',
      '“Things are well enough,” says {person}, “and better for being asked.”',
      '“Work first,” says {person}, “and then the looking up. This is the looking up.”',
      '“I say what I see,” says {person}. “I see somebody who kept going.”',
      '“No need to be clever,” says {person}. “Being here will do.”',
    ],
    onTopic: [
      '“{Topic}. Right,” says {person}. “What is the smallest bit of it?”',
      'You bring up {topic}; {person} scratches an ear and considers it seriously.',
      '“I know {topic} when I hear it,” says {person}. “Go on. Plainly.”',
      '“{Topic} does not get lighter by being carried behind the back,” says {person}.',
      '“Hm,” says {person} to {topic}, and it is a good, thorough “hm”.',
      '“Everybody here has had {topic} at the table,” says {person}. “It does not eat much if one looks at it.”',
    ],
  },
  {
    says: [
      '“I was just thinking of the sea,” says {person}, “and then there was you. It rhymes, somehow.”',
      '“Do you hear it too?” asks {person}, and tilts a head towards nothing in particular.',
      '“Yesterday I counted clouds,” says {person}. “I got as far as one, several times.”',
      '“Everything is on its way to being something else,” says {person}, delighted.',
      '“I dreamed this,” says {person}. “You were taller. It is better now.”',
      '“If you listen long enough,” says {person}, “even a stone finishes its sentence.”',
    ],
    onTopic: [
      '“{Topic},” says {person}, as if tasting it. “Blue, I think. With a soft middle.”',
      'At the mention of {topic}, {person} looks at the sky for a while and comes back with a smile.',
      '“Is {topic} a thing or a weather?” asks {person}. “I always treat mine as weather.”',
      '“I sang about {topic} once,” says {person}. “It helped the song, and then it helped me.”',
      'You tell of {topic}, and {person} listens as others look at the stars.',
      '“Do not throw {topic} away yet,” says {person}. “Some things turn into keys when they are old.”',
    ],
  },
  {
    says: [
      '“Ah, company,” says {person}. “I had nearly run out of things to pretend to be doing.”',
      '“I give excellent advice,” says {person}, “and have never once been harmed by taking it.”',
      '“You came at a good moment,” says {person}. “I was about to be wise, all alone.”',
      '“I am told I have a kind face,” says {person}. “I do what I can against it.”',
      '“Never trust anyone who is always cheerful,” says {person}, cheerfully.',
      '“I would offer you a chair,” says {person}, “if I had ever finished making one.”',
    ],
    onTopic: [
      '“{Topic}? At this hour?” says {person}, and then, quite gently: “Go on, then.”',
      '“I have opinions about {topic},” says {person}. “Yours first. Mine are only louder.”',
      'You mention {topic}. {Person} opens a mouth to joke, looks at you, and listens instead.',
      '“{Topic} and I are old acquaintances,” says {person}. “We nod. We do not lend each other money.”',
      '“If it helps,” says {person}, “nobody has ever done {topic} properly. I have asked around.”',
      '“Between us,” says {person}, “{topic} frightens me as well. There. Now it is two against one.”',
    ],
  },
];

/** Somebody who was hurt, whoever it is. */
export const GUARDED: Variants = [
  '“I am listening,” says {person}, and nothing else.',
  '“Say it, then,” says {person}, not unkindly.',
  '“You frightened me,” says {person}. “I would rather say so than keep it.”',
  '“Give it time,” says {person}. “I am giving it, too.”',
  '“I remember what happened,” says {person}. “I will also remember that you came back.”',
  '“Slowly,” says {person}. “We can do this, if we do it slowly.”',
];

/** When the player told somebody how they feel: {emotion}. */
export const HEARD: Variants = [
  'You say that you feel {emotion}, and the answer is first of all a nod: “Thank you for telling me.”',
  '“{Emotion},” comes the reply, gently. “Yes. I know that one. Stay a while.”',
  'You have said that you feel {emotion}, and nobody flinches: “I am glad you did not keep that to yourself.”',
  'You admit to feeling {emotion}. “Then we need not hurry,” comes the answer.',
  '“It is all right to feel {emotion},” comes the answer. “You are in good company here.”',
  'You are heard out, {emotion} as you are, without advice and without a glance at the time.',
];

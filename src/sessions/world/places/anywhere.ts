import type { Person, Thing } from './land.ts';

/** People on their way: met where the people of the land have all been met. */
export const TRAVELLERS: readonly Person[] = [
  {
    name: 'tinker',
    aliases: ['mender of pots'],
    description: 'She carries a rack of pans that ring as she walks, and can mend anything but clocks.',
    mood: 'brisk',
  },
  {
    name: 'travelling botanist',
    aliases: ['botanist'],
    description: 'He lies flat on his stomach before something very small and waves you over to see.',
    mood: 'delighted',
  },
  {
    name: 'letter carrier',
    aliases: ['messenger'],
    description: 'They have walked since dawn, have walked it before, and know where the dry stones are.',
    mood: 'cheerful',
  },
  {
    name: 'sketching stranger',
    aliases: ['stranger', 'painter'],
    description: 'She draws the same view over and over and says that it keeps turning out different.',
    mood: 'absorbed',
  },
  {
    name: 'storyteller',
    aliases: ['teller'],
    description: 'He collects beginnings, and leaves the endings to whoever is listening.',
    mood: 'curious',
  },
  {
    name: 'old traveller',
    aliases: ['traveller', 'wanderer'],
    description: 'They have a stick, a small pack, and nowhere they would rather be.',
    mood: 'serene',
  },
];

/** Things somebody lost or left: found where those of the land have all been found. */
export const LOST_THINGS: readonly Thing[] = [
  {
    name: 'painted stone',
    aliases: ['little stone'],
    description: 'Somebody painted a sun on it, slightly lopsided, and left it to be found.',
    use: 'You lay the painted stone sun side up on your palm, and it does give off a little warmth.',
  },
  {
    name: 'pocket mirror',
    aliases: ['mirror'],
    description:
      'It is cracked from corner to corner, and shows you twice, from two slightly different sides.',
    use: 'You look into the pocket mirror, and both of you look back as if they meant well.',
  },
  {
    name: 'pencil stub',
    aliases: ['pencil'],
    description: 'It is chewed at one end and sharp at the other, and has perhaps a page left in it.',
    use: 'You write a single word on the back of your hand with the pencil stub, to keep until evening.',
  },
  {
    name: 'knotted handkerchief',
    aliases: ['handkerchief'],
    description: 'It has a knot in one corner, so that somebody would not forget something.',
    use: 'You untie the knot in the handkerchief and tie it again, looser.',
  },
  {
    name: 'little music box',
    aliases: ['music box'],
    description: 'It is no bigger than a walnut, with a crank as thin as a pin and a lid.',
    use: 'You turn the crank of the music box, and it plays the first line of a song you nearly know.',
    openable: true,
  },
  {
    name: 'wool bobble',
    aliases: ['bobble'],
    description: 'It is red, came off a hat, and looks surprised at how far it has got.',
    use: 'You toss the wool bobble up and catch it, five times, and the fifth is the best.',
  },
];

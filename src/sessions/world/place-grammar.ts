import type { WorldObject } from '../../contracts/world.ts';

type NonEmpty<T> = readonly [T, ...T[]];

/** One kind of place; every adjective goes with the noun, every scene with every light. */
export interface PlaceKind {
  readonly noun: string;
  readonly theme: string;
  readonly adjectives: NonEmpty<string>;
  readonly scenes: NonEmpty<string>;
  readonly lights: NonEmpty<string>;
  readonly moods: NonEmpty<string>;
}

export type Keepsake = Pick<WorldObject, 'name' | 'aliases' | 'description' | 'use_text'>;

const OPEN_SKY: NonEmpty<string> = [
  'The sky is very large here and asks nothing of anyone.',
  'Clouds cross slowly, trailing their shadows like tame animals.',
  'The light is clean, as if it had been washed and hung out to dry.',
  'A bird you cannot see is practising the same three notes.',
];

const SHADE: NonEmpty<string> = [
  'The air is cool and smells of rain on stone.',
  'Somewhere close by, water is telling itself a long story.',
  'What light there is comes softly, as if not to wake anything.',
  'Every sound arrives a little late and a little rounder than it left.',
];

export const PLACES: NonEmpty<PlaceKind> = [
  {
    noun: 'meadow',
    theme: 'hope',
    adjectives: ['sunlit', 'wide', 'whispering', 'golden', 'windblown'],
    scenes: [
      'Knee-high grass bends and rises in waves, stitched through with small white flowers.',
      'The ground opens into a long slope of clover, loud with bees.',
    ],
    lights: OPEN_SKY,
    moods: ['bright', 'gentle'],
  },
  {
    noun: 'orchard',
    theme: 'hope',
    adjectives: ['forgotten', 'blossoming', 'amber', 'crooked', 'walled'],
    scenes: [
      'Old trees nobody prunes any more still put out blossom, out of habit or out of hope.',
      'Rows of leaning trees keep a loose kind of order, like friends in a photograph.',
    ],
    lights: OPEN_SKY,
    moods: ['tender', 'drowsy'],
  },
  {
    noun: 'pinewood',
    theme: 'resilience',
    adjectives: ['dark-green', 'storm-bent', 'resinous', 'patient', 'deep'],
    scenes: [
      'The trunks lean, every one of them, from some great wind long ago, and every one of them is growing.',
      'Needles soften each step, and scars in the bark have healed into something like handwriting.',
    ],
    lights: SHADE,
    moods: ['steady', 'hushed'],
  },
  {
    noun: 'ridge',
    theme: 'resilience',
    adjectives: ['windswept', 'bare', 'heather-covered', 'long', 'weathered'],
    scenes: [
      'Rock and heather hold on to each other along a spine of land that has outlasted everything thrown at it.',
      'The ground narrows to a firm back of stone where small plants grow low and stubborn.',
    ],
    lights: OPEN_SKY,
    moods: ['bracing', 'steady'],
  },
  {
    noun: 'grotto',
    theme: 'wonder',
    adjectives: ['glimmering', 'hidden', 'sea-green', 'echoing', 'moonlit'],
    scenes: [
      'The rock is flecked with something that catches the light and passes it on.',
      'The walls curve like cupped hands, and the ceiling is alive with moving reflections.',
    ],
    lights: SHADE,
    moods: ['enchanted', 'hushed'],
  },
  {
    noun: 'lakeshore',
    theme: 'wonder',
    adjectives: ['silver', 'misty', 'mirrored', 'nameless', 'reed-fringed'],
    scenes: [
      'The water lies so still that the world seems to have been drawn twice.',
      'Mist walks over the water in slow figures that never quite become anyone.',
    ],
    lights: OPEN_SKY,
    moods: ['dreamy', 'still'],
  },
  {
    noun: 'hollow',
    theme: 'mindfulness',
    adjectives: ['mossy', 'fern-filled', 'sleeping', 'green', 'sheltered'],
    scenes: [
      'Moss has covered everything here so evenly that even the stones look rested.',
      'The land dips into a green bowl where the wind passes overhead without coming in.',
    ],
    lights: SHADE,
    moods: ['calm', 'restful'],
  },
  {
    noun: 'gorge',
    theme: 'courage',
    adjectives: ['roaring', 'narrow', 'red-walled', 'steep', 'thundering'],
    scenes: [
      'Walls of rock rise on either hand, and a ledge just wide enough goes on between them.',
      'The stone falls away into blue air, but the footing is better than it looks.',
    ],
    lights: SHADE,
    moods: ['bracing', 'bold'],
  },
];

export const KEEPSAKES: NonEmpty<Keepsake> = [
  {
    name: 'river pebble',
    aliases: ['pebble'],
    description: 'It is grey and perfectly smooth, and it fits your palm as if it had been practising.',
    use_text:
      'You turn the pebble over and over until your thoughts take on its shape: small, round, finished.',
  },
  {
    name: 'owl feather',
    aliases: ['feather'],
    description: 'Its edge is combed soft, made for moving through the dark without a sound.',
    use_text: 'You draw the feather along your wrist, and your shoulders come down by themselves.',
  },
  {
    name: 'copper bell',
    aliases: ['bell'],
    description: 'It is no bigger than a plum and green at the rim, with a clear, unembarrassed voice.',
    use_text: 'You ring the bell once, and follow the sound all the way to where it stops.',
  },
  {
    name: 'glass bead',
    aliases: ['bead', 'blue bead'],
    description: 'It is deep blue, with one air bubble caught in it like a held breath.',
    use_text: 'You hold the bead to your eye, and the whole world goes blue and manageable.',
  },
  {
    name: 'paper boat',
    aliases: ['boat'],
    description: 'Somebody folded it from a letter; one word, “dear”, can still be read on its bow.',
    use_text: 'You smooth the folds of the boat and wish its unknown sender well.',
  },
  {
    name: 'carved whistle',
    aliases: ['whistle'],
    description: 'It is willow wood, whittled by someone with more patience than skill.',
    use_text: 'You blow one thin note on the whistle; far off, something that might be a bird replies.',
  },
  {
    name: 'pressed flower',
    aliases: ['flower'],
    description: 'It is thin as tissue and still, stubbornly, yellow.',
    use_text: 'You lift the flower to your face; it smells faintly of a summer somebody wanted to keep.',
  },
  {
    name: 'snail shell',
    aliases: ['shell', 'spiral shell'],
    description: 'It winds in on itself with great care, a little house with no straight lines.',
    use_text: 'You trace the spiral of the shell inward, then outward again, and breathe at its pace.',
  },
];

import type { Land } from './land.ts';

export const HEIGHTS: Land = {
  ways: ['up', 'down'],
  airs: [
    'The wind leans on you like a large, friendly dog.',
    'The air is thin and clean, and each breath arrives all the way.',
    'Far below, a river is a bit of thread that somebody dropped.',
    'A hawk hangs level with your eyes and does not seem to work at it.',
  ],
  kinds: [
    {
      nouns: ['ridge'],
      theme: 'resilience',
      moods: ['bracing', 'steady'],
      names: [
        'heather ridge',
        'long ridge',
        'windy ridge',
        'raven ridge',
        'goat ridge',
        'grey ridge',
        'eyebright ridge',
        'juniper ridge',
      ],
      openings: [
        'The land narrows to a firm back of stone, with a great deal of air on both sides.',
        'Rock and root hold on to each other along a spine that has outlasted everything thrown at it.',
        'You walk along the top of things here, and the valleys lie open left and right like two pages.',
      ],
      details: [
        'The small plants grow low and close, and every one of them is in flower.',
        'Sheep have worn a path exactly as wide as it needs to be.',
        'Somebody has marked the way with dabs of white paint, each within sight of the next.',
      ],
      fixtures: [
        {
          name: 'stone cairn',
          aliases: ['cairn', 'heap of stones'],
          description: 'It is waist-high, and no two of its stones came from the same hand.',
          use: 'You add a stone to the cairn; it clicks into place as though the gap had been left for it.',
        },
        {
          name: 'wind-bent thorn',
          aliases: ['thorn', 'thorn tree'],
          description: 'The wind has combed it flat, and it has answered with berries.',
          use: 'You crouch in the lee of the thorn, where it is suddenly, wonderfully still.',
        },
      ],
    },
    {
      nouns: ['pass'],
      theme: 'courage',
      moods: ['bold', 'bracing'],
      names: [
        'stony pass',
        'pass of three winds',
        'snow pass',
        'pedlars pass',
        'wool pass',
        'high pass',
        'lantern pass',
        'pass of knotted ribbons',
      ],
      openings: [
        'Two shoulders of the mountain lean together and leave a gap, and the path goes straight for it.',
        'The way steepens, turns once more than seems reasonable, and then there it is: the other side.',
        'Grey walls stand close on either hand, but the footing is better than it looks.',
      ],
      details: [
        'Steps have been cut into the worst of it, hollowed by everyone who was also out of breath.',
        'Old snow lies in the shade, blue at the edges, waiting for nobody.',
        'On a flat rock someone keeps a tally of crossings; the last scratch is recent.',
      ],
      fixtures: [
        {
          name: 'iron ring',
          aliases: ['ring'],
          description: 'It is set deep in the rock for ropes, and polished by gloves.',
          use: 'You close your hand round the iron ring and lean out a little, and it holds.',
        },
        {
          name: 'crossing book',
          aliases: ['book', 'ledger'],
          description: 'It hangs on a chain under a slate, and everyone who came over has written a line.',
          use: 'You write one word in the crossing book, beneath a hundred others.',
          openable: true,
        },
      ],
    },
    {
      nouns: ['lookout', 'view'],
      theme: 'wonder',
      moods: ['bright', 'still'],
      names: [
        'eagle lookout',
        'shepherds lookout',
        'morning lookout',
        'lookout of the four rivers',
        'stone lookout',
        'cloud lookout',
        'wide lookout',
        'lookout over the valley',
      ],
      openings: [
        'The path comes out on a shelf of rock, wide enough to feel safe on, with the sky for a wall.',
        'From here the whole country can be seen at once, folded and green, going about its business.',
        'The mountain holds out a broad stone hand, and you are standing in the palm of it.',
      ],
      details: [
        'Cloud shadows cross the land below, unhurried, one after another.',
        'Roads you have walked are thin as pencil lines, and do not look so long from up here.',
        'The rock is warm where the sun has been and cold where it has not, and the border is easy to find.',
      ],
      fixtures: [
        {
          name: 'brass dial',
          aliases: ['dial', 'compass table'],
          description: 'It names every hill in sight, and three that are only there on clear days.',
          use: 'You follow an arrow on the brass dial to its far blue hill and let your eyes rest there.',
        },
        {
          name: 'weathered bench',
          aliases: ['bench'],
          description: 'It faces out, and somebody has carved “stay as long as you like” along the back.',
          use: 'You sit on the weathered bench until the view stops being a view and is simply where you are.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'copper bell',
      aliases: ['bell'],
      description: 'It is no bigger than a plum and green at the rim, with a clear, unembarrassed voice.',
      use: 'You ring the copper bell once, and follow the sound all the way to where it stops.',
    },
    {
      name: 'quartz shard',
      aliases: ['quartz', 'shard'],
      description: 'It is clear as water, and keeps a rainbow folded up inside.',
      use: 'You turn the quartz shard until the rainbow comes out and lies across your knuckles.',
    },
    {
      name: 'tuft of wool',
      aliases: ['wool', 'tuft'],
      description: 'It is grey and greasy, and warmer than it has any right to be.',
      use: 'You roll the tuft of wool between your fingers until they are warm.',
    },
    {
      name: 'raven feather',
      aliases: ['black feather', 'feather'],
      description: 'It is black until it is tilted, and then it is blue and green as well.',
      use: 'You tilt the raven feather this way and that, and the black keeps turning out to be colours.',
    },
  ],
  people: [
    {
      name: 'goatherd',
      aliases: ['herder'],
      description: 'She counts her goats by name rather than by number and always gets the same answer.',
      mood: 'content',
    },
    {
      name: 'mountain guide',
      aliases: ['guide'],
      description: 'He has a rope over one shoulder and never walks faster than the slowest.',
      mood: 'unhurried',
    },
    {
      name: 'cloud watcher',
      aliases: ['watcher'],
      description: 'They keep a notebook of clouds and have not yet seen two alike.',
      mood: 'dreamy',
    },
  ],
};

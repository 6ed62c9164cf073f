import type { Land } from './land.ts';

export const UNDERGROUND: Land = {
  ways: ['up'],
  airs: [
    'Every sound arrives a little late, and rounder than it left.',
    'Water drips somewhere, in no hurry to be counted.',
    'What light there is comes softly, as if not to wake anything.',
    'The air is cool and steady, the same today as a thousand years ago.',
  ],
  kinds: [
    {
      nouns: ['grotto', 'cave'],
      theme: 'wonder',
      moods: ['enchanted', 'hushed'],
      names: [
        'glimmering grotto',
        'sea-green grotto',
        'echoing grotto',
        'grotto of hanging roots',
        'candle grotto',
        'pearl grotto',
        'fern-hung grotto',
        'blue grotto',
      ],
      openings: [
        'The walls curve like cupped hands, and the ceiling is alive with moving reflections.',
        'The rock is flecked with something that catches the light and passes it on.',
        'This is a round room of stone that nobody built, and it fits you rather well.',
      ],
      details: [
        'Pale ferns have followed the light in and stopped exactly where it does.',
        'Ripples of stone run down the wall like a curtain somebody has just let go of.',
        'Long ago someone pressed a palm in red earth against the wall, at about your height.',
      ],
      fixtures: [
        {
          name: 'still pool',
          aliases: ['pool'],
          description: 'It is clear to the bottom and shows you a face that is not in any hurry.',
          use: 'You touch the still pool with one fingertip and wait for your reflection to come back together.',
        },
        {
          name: 'singing stones',
          aliases: ['stone icicles'],
          description: 'They hang in a row, thin as icicles, each of a different length.',
          use: 'You tap the singing stones one after another, and they answer with something almost like a tune.',
        },
      ],
    },
    {
      nouns: ['cavern'],
      theme: 'courage',
      moods: ['vast', 'calm'],
      names: [
        'great cavern',
        'cavern of low stars',
        'cavern of columns',
        'whispering cavern',
        'amber cavern',
        'sandstone cavern',
        'lamp cavern',
        'cavern of slow water',
      ],
      openings: [
        'The roof goes up and up until it is only a feeling.',
        'The dark opens out in front of you, large and quite calm, and your eyes begin to make friends with it.',
        'Stone has come down to meet stone here, drop by drop, and the pillars they made are the colour of honey.',
      ],
      details: [
        'Points of light glow overhead, faint and blue-green: worms, if you like, or constellations.',
        'The floor is level sand, printed with your own steps and no others.',
        'A draught touches one side of your face and goes on its way.',
      ],
      fixtures: [
        {
          name: 'great column',
          aliases: ['column', 'pillar'],
          description: 'It has been growing for longer than there have been words for it.',
          use: 'You put both arms round the great column; they reach less than halfway, and that is a comfort.',
        },
        {
          name: 'sleeping ledge',
          aliases: ['ledge', 'blankets'],
          description: 'It is a dry shelf with folded blankets on it and a note: “for whoever”.',
          use: 'You lie down on the sleeping ledge for a moment, and the dark tucks itself in around you.',
        },
      ],
    },
    {
      nouns: ['passage', 'tunnel'],
      theme: 'self_reflection',
      moods: ['inward', 'hushed'],
      names: [
        'winding passage',
        'painted passage',
        'root passage',
        'miners passage',
        'passage of smooth walls',
        'slanting passage',
        'passage of small lamps',
        'low passage',
      ],
      openings: [
        'The way goes on between close walls, just wide enough for one person and their thoughts.',
        'Water made this corridor and then went elsewhere, leaving it as a present.',
        'There is a bend, and another, each showing just enough of the next to go on with.',
      ],
      details: [
        'Bands of colour run along the rock, one for each age it can remember.',
        'At hand height the stone is polished; others, too, have felt their way along.',
        'Your breath is the loudest thing here, and after a while it is good company.',
      ],
      fixtures: [
        {
          name: 'wall of names',
          aliases: ['names', 'wall'],
          description:
            'People have written their names here in soot, and beside some, the name of whoever waited outside.',
          use: 'You add your initials to the wall of names, small, in a corner that was free.',
        },
        {
          name: 'narrow niche',
          aliases: ['niche', 'candle'],
          description: 'It holds a stub of candle, and room for one thing more.',
          use: 'You set the stub of candle upright in the niche and stay until you have stopped fidgeting.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'rock crystal',
      aliases: ['crystal'],
      description: 'It is six-sided and cold, and grew perfectly straight with nobody watching.',
      use: 'You hold the rock crystal until it is as warm as you are.',
    },
    {
      name: 'stub of chalk',
      aliases: ['chalk'],
      description: 'It is white, worn on one side, and good for arrows.',
      use: 'You draw a small arrow with the chalk, pointing the way you might like to come back.',
    },
    {
      name: 'iron key',
      aliases: ['key'],
      description: 'It is long and plain, and whatever it opened has stopped needing it.',
      use: 'You turn the iron key in the empty air, and something in you clicks, very quietly.',
    },
    {
      name: 'lump of amber',
      aliases: ['amber'],
      description: 'It is the colour of tea, with a gnat in it that has been thinking one thought for ages.',
      use: 'You rub the amber on your sleeve, and it lifts a thread all by itself.',
    },
  ],
  people: [
    {
      name: 'old miner',
      aliases: ['miner'],
      description: 'He came down for silver and stayed for the quiet.',
      mood: 'gentle',
    },
    {
      name: 'map maker',
      aliases: ['mapmaker', 'cartographer'],
      description: 'She measures every turn with a knotted string, and writes down how it felt as well.',
      mood: 'absorbed',
    },
    {
      name: 'lamp keeper',
      aliases: ['keeper of lamps'],
      description: 'They go from lamp to lamp with a can of oil and a word for each.',
      mood: 'kind',
    },
  ],
};

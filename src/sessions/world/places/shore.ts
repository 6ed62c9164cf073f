import type { Land } from './land.ts';

export const SHORE: Land = {
  ways: ['in'],
  airs: [
    'The sea breathes in, breathes out, and has never once been late.',
    'Gulls quarrel overhead and forget what about.',
    'The wind tastes of salt and of somewhere else.',
    'Far out, one sail is on its way to something.',
  ],
  kinds: [
    {
      nouns: ['beach', 'sand'],
      theme: 'mindfulness',
      moods: ['open', 'calm'],
      names: [
        'shell beach',
        'white beach',
        'driftwood beach',
        'long beach',
        'sandpiper beach',
        'amber beach',
        'tide-washed beach',
        'beach of the terns',
      ],
      openings: [
        'The shore runs on in both directions until it turns into light.',
        'Waves come in at a slant and draw long, thin lines over one another.',
        'The tide has just been here and smoothed everything over, ready to be written on.',
      ],
      details: [
        'A line of weed and broken shells shows how far the sea got, this time.',
        'Small birds run after each wave, and then run from the next one, again and again.',
        'Your footprints fill with water behind you and are gone by the time you turn round.',
      ],
      fixtures: [
        {
          name: 'driftwood log',
          aliases: ['driftwood', 'log'],
          description: 'The sea has taken off everything it did not need.',
          use: 'You sit astride the driftwood log, ride it nowhere, and watch the waves arrive.',
        },
        {
          name: 'sandcastle',
          aliases: ['castle'],
          description: 'It has a moat, eleven towers and no fear of the tide at all.',
          use: 'You add a twelfth tower to the sandcastle and pat it until it stands.',
        },
      ],
    },
    {
      nouns: ['cove', 'bay'],
      theme: 'wonder',
      moods: ['sheltered', 'hushed'],
      names: [
        'hidden cove',
        'seal cove',
        'smugglers cove',
        'cove of round stones',
        'sheltered cove',
        'lantern cove',
        'moon cove',
        'cove below the pines',
      ],
      openings: [
        'Rock closes round on three sides, and the sea comes in on the fourth with its shoes off.',
        'The path drops between boulders to a scrap of shore that could belong to you.',
        'Out there the water is rough; in here it only rocks a little, like something asleep.',
      ],
      details: [
        'The high-water mark is hung with weed, and everything above it is dry and warm.',
        'Polished stones roll over in the backwash with a sound like quiet applause.',
        'A crack in the rock sighs whenever a wave goes in, as if the land were settling down.',
      ],
      fixtures: [
        {
          name: 'rock pool',
          aliases: ['pool'],
          description: 'In it an anemone, two shrimps and a crab are getting on with things.',
          use: 'You kneel by the rock pool and keep so still that the crab comes out to look at you.',
        },
        {
          name: 'fire ring',
          aliases: ['fire', 'ring of stones'],
          description: 'It is a circle of blackened stones with ash in it, not quite cold.',
          use: 'You stir the fire ring until one ember wakes, and hold your hands out to it.',
        },
      ],
    },
    {
      nouns: ['headland', 'cape'],
      theme: 'courage',
      moods: ['bold', 'bracing'],
      names: [
        'windy headland',
        'gull headland',
        'grassy headland',
        'headland of two seas',
        'chalk headland',
        'broad headland',
        'thrift headland',
        'headland of the long view',
      ],
      openings: [
        'The land goes as far as it can and then stands there, looking out.',
        'Short turf runs on ahead of you, springy as a mattress, and beyond it everything is blue.',
        'There is sea on nearly every side of you, and you are standing on something solid.',
      ],
      details: [
        'Pink flowers grow in cracks where there is really nothing to grow in.',
        'Far below, the waves knock at the rock and are not let in.',
        'A rail of weathered rope shows how near is near enough.',
      ],
      fixtures: [
        {
          name: 'iron beacon',
          aliases: ['beacon'],
          description: 'It is a basket on a pole, lit in the old days to say: this way, you are nearly home.',
          use: 'You lay one stick in the iron beacon for the next dark night.',
        },
        {
          name: 'brass telescope',
          aliases: ['telescope'],
          description: 'It is bolted to a post, salted green, and still sees farther than anybody here.',
          use: 'You put your eye to the brass telescope, find a single wave, and follow it all the way in.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'piece of sea glass',
      aliases: ['sea glass', 'glass'],
      description: 'It was a broken bottle once, until the sea talked it out of its edges.',
      use: 'You rub the sea glass with your thumb and cannot find a single corner.',
    },
    {
      name: 'stoppered bottle',
      aliases: ['bottle', 'message'],
      description: 'It is green and closed with wax, and there is a roll of paper inside.',
      use: 'You unroll the paper from the bottle; it says “still here”, in pencil, and nothing else.',
      openable: true,
    },
    {
      name: 'whelk shell',
      aliases: ['whelk'],
      description: 'It is ridged outside and rosy within, like a room with one lamp on.',
      use: 'You hold the whelk shell to your ear; it goes on saying the only word it knows.',
    },
    {
      name: 'cork float',
      aliases: ['cork', 'float'],
      description: 'It has come a long way on somebody’s net, and has not once managed to sink.',
      use: 'You press the cork float in your fist and feel it push back, gently, the whole time.',
    },
  ],
  people: [
    {
      name: 'net mender',
      aliases: ['mender'],
      description: 'She ties each knot without looking and can tell you who tied the ones before.',
      mood: 'patient',
    },
    {
      name: 'beachcomber',
      aliases: ['comber'],
      description: 'He carries his finds in an old pram and gives the best ones away.',
      mood: 'cheerful',
    },
    {
      name: 'lighthouse keeper',
      aliases: ['keeper of the light'],
      description: 'They are off duty for now and cannot stop glancing at the horizon.',
      mood: 'watchful',
    },
  ],
};

import type { Land } from './land.ts';

export const WATER: Land = {
  ways: [],
  airs: [
    'Under everything there is the sound of water, telling itself a long story.',
    'The air is cool and tastes faintly of mint.',
    'Somewhere a fish jumps, and the rings go on after it for a long while.',
    'Dragonflies stitch back and forth above the surface.',
  ],
  kinds: [
    {
      nouns: ['bend', 'river', 'riverbank'],
      theme: 'mindfulness',
      moods: ['calm', 'unhurried'],
      names: [
        'otter bend',
        'willow bend',
        'slow bend',
        'kingfisher bend',
        'bend of smooth stones',
        'swallow bend',
        'wide bend',
        'bend below the weir',
      ],
      openings: [
        'The river takes its time round this corner and has left a beach of pebbles to sit on.',
        'Brown water slides by, carrying the sky along with it.',
        'Here the current slackens, and the water thinks its way slowly from one side to the other.',
      ],
      details: [
        'A stick goes past, turning, and is gone before you have decided what it looked like.',
        'The stones at the edge are every kind of grey, and each is another colour when wet.',
        'Where the bank has slipped, new grass has already sewn up most of the tear.',
      ],
      fixtures: [
        {
          name: 'old rowing boat',
          aliases: ['rowing boat', 'boat'],
          description: 'It is tied up with far too much rope and has three inches of sky in the bottom.',
          use: 'You sit in the rowing boat while it rocks, going nowhere, and that turns out to be far enough.',
        },
        {
          name: 'rope swing',
          aliases: ['swing'],
          description: 'Someone has hung a plank from two ropes, well out over the shallows.',
          use: 'You swing out over the water and back, out and back, until your legs remember how.',
        },
      ],
    },
    {
      nouns: ['lakeshore', 'lake'],
      theme: 'wonder',
      moods: ['dreamy', 'still'],
      names: [
        'silver lakeshore',
        'misty lakeshore',
        'heron lakeshore',
        'lakeshore of the grey geese',
        'stony lakeshore',
        'nameless lakeshore',
        'reedy lakeshore',
        'lakeshore under the hills',
      ],
      openings: [
        'The water lies so still that the world seems to have been drawn twice.',
        'A lake opens before you, wide and pale, with its far side only guessed at.',
        'Small waves come in one by one, each laying down its line of foam like a careful signature.',
      ],
      details: [
        'Reeds nod at the edge in no particular order.',
        'Mist walks over the water in slow figures that never quite become anyone.',
        'The shallows are clear down to the sand, where light moves about in nets.',
      ],
      fixtures: [
        {
          name: 'wooden jetty',
          aliases: ['jetty', 'pier'],
          description: 'It goes out twelve planks and stops, as if it had said what it wanted to say.',
          use: 'You walk to the end of the wooden jetty and let your feet hang over the deep part.',
        },
        {
          name: 'heap of flat stones',
          aliases: ['flat stones', 'skipping stones'],
          description: 'Somebody has sorted them by size and left the best ones for others.',
          use: 'You send a flat stone skipping over the water: four, five, and a sixth you only hope for.',
        },
      ],
    },
    {
      nouns: ['ford', 'crossing'],
      theme: 'courage',
      moods: ['lively', 'bold'],
      names: [
        'shallow ford',
        'cattle ford',
        'ford of seven stones',
        'singing ford',
        'old ford',
        'ford below the alders',
        'pebble ford',
        'carters ford',
      ],
      openings: [
        'The path walks straight into the stream and straight out again on the other side.',
        'Flat stones cross the water at the length of one easy step, and one step that is not so easy.',
        'The stream spreads out here, broad and ankle-deep and very loud about it.',
      ],
      details: [
        'Both banks are trodden smooth: plenty of people have stood here first and made up their minds.',
        'The water is cold enough to make you laugh.',
        'Minnows hold their place against the current with the smallest possible effort.',
      ],
      fixtures: [
        {
          name: 'middle stone',
          aliases: ['broad stone'],
          description: 'It is the broadest of them, and divides the whole stream without any fuss.',
          use: 'You stand on the middle stone with water hurrying past on both sides, and do not move.',
        },
        {
          name: 'guide rope',
          aliases: ['rope'],
          description: 'It is tarred and thick as a wrist, with a knot at every arm’s length.',
          use: 'You take hold of the guide rope, and the crossing becomes a row of small knots.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'river pebble',
      aliases: ['pebble'],
      description: 'It is grey and perfectly smooth, and it fits your palm as if it had been practising.',
      use: 'You turn the pebble over and over until your thoughts take on its shape: small, round, finished.',
    },
    {
      name: 'paper boat',
      aliases: ['folded boat'],
      description: 'Somebody folded it from a letter; one word, “dear”, can still be read on its bow.',
      use: 'You smooth the folds of the paper boat and wish its unknown sender well.',
    },
    {
      name: 'glass bead',
      aliases: ['bead', 'blue bead'],
      description: 'It is deep blue, with one air bubble caught in it like a held breath.',
      use: 'You hold the bead to your eye, and the whole world goes blue and manageable.',
    },
    {
      name: 'heron feather',
      aliases: ['grey feather', 'feather'],
      description: 'It is long and slate-grey, and belongs to a bird that is very good at waiting.',
      use: 'You hold the heron feather upright and stand on one leg for exactly as long as you can.',
    },
  ],
  people: [
    {
      name: 'ferrywoman',
      aliases: ['rower'],
      description:
        'She has known this water for thirty years and still looks at it as if it might say something new.',
      mood: 'attentive',
    },
    {
      name: 'quiet angler',
      aliases: ['angler', 'fisherman'],
      description: 'He has a rod, a hat and no bait, and says the fish and he both prefer it so.',
      mood: 'peaceful',
    },
    {
      name: 'basket weaver',
      aliases: ['weaver'],
      description: 'They soak willow rods in the shallows and hum until the rods give in.',
      mood: 'content',
    },
  ],
};

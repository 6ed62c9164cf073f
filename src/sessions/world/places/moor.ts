import type { Land } from './land.ts';

export const MOOR: Land = {
  ways: [],
  airs: [
    'A curlew calls, bubbling up and up, from nowhere in particular.',
    'The wind has come a long way to get here and goes straight on.',
    'Peat and honey are in the air, and a little smoke.',
    'The distances are blue, and bluer behind that.',
  ],
  kinds: [
    {
      nouns: ['moor', 'heath'],
      theme: 'resilience',
      moods: ['open', 'steady'],
      names: [
        'heather moor',
        'grouse moor',
        'brown moor',
        'moor of little pools',
        'drovers moor',
        'lapwing moor',
        'moor under the long hill',
        'kestrel moor',
      ],
      openings: [
        'The land lies wide open, all browns and purples, with nothing to bump into for miles.',
        'A thin track crosses the heather and does not seem to mind how far it is.',
        'Everything here has learned to bend, and very little has been broken.',
      ],
      details: [
        'White posts mark the path, one always in sight, even on the grey days.',
        'Dark water stands in the low places and holds small, perfect pieces of sky.',
        'Under the old burnt stems the green is already coming back.',
      ],
      fixtures: [
        {
          name: 'peat stack',
          aliases: ['peat', 'stack'],
          description: 'It is built like a loaf and smells of a hundred winters spent indoors.',
          use: 'You square the corner of the peat stack where it had slumped, one brick at a time.',
        },
        {
          name: 'shelter wall',
          aliases: ['shelter', 'wall'],
          description:
            'It is laid out as a cross, so that one of its four corners is always out of the wind.',
          use: 'You try the corners of the shelter wall until you find the still one, and stay in it for a bit.',
        },
      ],
    },
    {
      nouns: ['fen', 'marsh'],
      theme: 'wonder',
      moods: ['dreamy', 'hushed'],
      names: [
        'reed fen',
        'bittern fen',
        'fen of small lights',
        'cotton-grass fen',
        'silver fen',
        'fen of the cranes',
        'misty fen',
        'marigold fen',
      ],
      openings: [
        'Reeds stand taller than you are, and a walk of planks goes in between them.',
        'It is hard to say where the water stops and the ground begins, and nothing that lives here seems to care.',
        'The ground gives a little under each step and then, politely, gives it back.',
      ],
      details: [
        'Tufts of white cotton nod on every side like people agreeing.',
        'Something plops; the green closes over it, and the secret is kept.',
        'Cobwebs hang between the reeds, each with its own beads.',
      ],
      fixtures: [
        {
          name: 'bird hide',
          aliases: ['hide', 'hut'],
          description:
            'It is a wooden box with a slot to look out of and a pencilled list of who has been seen.',
          use: 'You sit in the bird hide without moving until, one after another, they forget that you are there.',
        },
        {
          name: 'flat-bottomed punt',
          aliases: ['punt', 'boat'],
          description: 'It is half full of cut reeds and has a pole lying across it.',
          use: 'You push the punt off with its pole and let it drift back by itself, twice.',
        },
      ],
    },
    {
      nouns: ['stone circle', 'circle', 'stones'],
      theme: 'self_reflection',
      moods: ['thoughtful', 'still'],
      names: [
        'circle of leaning stones',
        'dancers circle',
        'circle of nine stones',
        'low stone circle',
        'hare circle',
        'circle on the rise',
        'lichen circle',
        'forgotten stone circle',
      ],
      openings: [
        'Old stones stand in a ring, and it is hard not to lower your voice.',
        'Somebody, once, went to great trouble to set these stones on end, and never said why.',
        'The stones lean this way and that, like people at the end of a long conversation.',
      ],
      details: [
        'The grass inside is shorter and greener than the grass outside.',
        'Lichen has drawn maps on them, orange and grey, of no country you know.',
        'In the middle there is nothing at all, and it feels kept free on purpose.',
      ],
      fixtures: [
        {
          name: 'tallest stone',
          aliases: ['tall stone', 'standing stone'],
          description: 'It is cold on one side and warm on the other, like most things.',
          use: 'You lean your forehead against the tallest stone and let it be the strong one.',
        },
        {
          name: 'offering stone',
          aliases: ['flat stone', 'offerings'],
          description: 'On it lie buttons, a ring, a few white pebbles, and one plum.',
          use: 'You lay one thing you have been carrying on the offering stone, though nobody else could see it.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'sprig of heather',
      aliases: ['heather', 'sprig'],
      description: 'It is dry and purple, and keeps its colour long after it has any reason to.',
      use: 'You crush one bell of the heather between your fingers, and there is the whole moor.',
    },
    {
      name: 'curlew feather',
      aliases: ['brown feather', 'feather'],
      description: 'It is barred brown and cream, like a page of very old music.',
      use: 'You let the curlew feather fall and catch it, and let it fall again.',
    },
    {
      name: 'worked flint',
      aliases: ['flint'],
      description: 'Somebody shaped it five thousand years ago and would still know it.',
      use: 'You fit your thumb into the hollow of the worked flint, where another thumb has been.',
    },
    {
      name: 'knot of bog oak',
      aliases: ['bog oak', 'knot'],
      description:
        'It is black and heavy, and lay in the dark a long while before anyone called it beautiful.',
      use: 'You run a finger along the grain of the bog oak, round and round the knot, to its quiet centre.',
    },
  ],
  people: [
    {
      name: 'peat cutter',
      aliases: ['cutter'],
      description: 'She cuts, lifts, stacks and rests, in that order, and never leaves out the last.',
      mood: 'steady',
    },
    {
      name: 'birdwatcher',
      aliases: ['bird watcher'],
      description: 'He puts a finger to his lips and then, having thought it over, offers you his flask.',
      mood: 'friendly',
    },
    {
      name: 'wandering drover',
      aliases: ['drover'],
      description: 'They walk with a stick and a dog, and it is the dog that decides.',
      mood: 'easygoing',
    },
  ],
};

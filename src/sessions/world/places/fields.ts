import type { Land } from './land.ts';

export const FIELDS: Land = {
  ways: [],
  airs: [
    'The sky is very large here and asks nothing of anyone.',
    'Clouds cross slowly, trailing their shadows like tame animals.',
    'A lark goes up singing and forgets to come down.',
    'The breeze smells of warm earth and of something sweet, not far off.',
  ],
  kinds: [
    {
      nouns: ['meadow', 'grass'],
      theme: 'hope',
      moods: ['bright', 'gentle'],
      names: [
        'clover meadow',
        'hare meadow',
        'unmown meadow',
        'meadow of small bells',
        'thistle meadow',
        'bee meadow',
        'sunlit meadow',
        'cowslip meadow',
      ],
      openings: [
        'Knee-high grass bends and rises in waves, stitched through with small white flowers.',
        'The ground opens into one long slope of green, loud with bees.',
        'Nobody has told this grass how to grow, and it has done very well.',
      ],
      details: [
        'A trail of flattened stems shows where some animal lay down and slept.',
        'Seed heads let go one at a time and drift off without looking back.',
        'A butterfly tries every flower within reach and approves of most.',
      ],
      fixtures: [
        {
          name: 'wooden stile',
          aliases: ['stile', 'step'],
          description: 'Its top step is dished by a hundred years of people stopping to look.',
          use: 'You sit on top of the wooden stile, one leg on each side, and decide nothing.',
        },
        {
          name: 'row of beehives',
          aliases: ['beehives', 'hives'],
          description: 'They are painted blue, yellow and white, and hum on one note.',
          use: 'You stand beside the beehives and hum along, very low, until your chest joins in.',
        },
      ],
    },
    {
      nouns: ['orchard'],
      theme: 'hope',
      moods: ['tender', 'drowsy'],
      names: [
        'forgotten orchard',
        'plum orchard',
        'crooked orchard',
        'walled orchard',
        'pear orchard',
        'windfall orchard',
        'orchard on the hill',
        'russet orchard',
      ],
      openings: [
        'Old trees nobody prunes any more still bear, out of habit or out of hope.',
        'Leaning trees keep a loose kind of order, like friends in a photograph.',
        'Branches meet overhead, and the grass below is dotted with fruit that let itself fall.',
      ],
      details: [
        'One branch has been propped up with a forked pole, and it is the heaviest with fruit.',
        'Wasps and blackbirds share the sweetest windfalls without much arguing.',
        'Somebody once grafted three kinds onto one tree, and all three took.',
      ],
      fixtures: [
        {
          name: 'fruit press',
          aliases: ['press'],
          description: 'It is all wood and screw, sticky from last year, with a tin cup hung on it.',
          use: 'You turn the screw of the fruit press, slow and heavy, and a thin sweet trickle fills the cup.',
        },
        {
          name: 'orchard ladder',
          aliases: ['ladder'],
          description: 'It has stood so long against its tree that the bark has begun to hold it.',
          use: 'You climb the orchard ladder to the last rung, and your head comes out among leaves and light.',
        },
      ],
    },
    {
      nouns: ['field'],
      theme: 'mindfulness',
      moods: ['calm', 'open'],
      names: [
        'barley field',
        'field of blue flax',
        'poppy field',
        'buckwheat field',
        'field with one oak',
        'rye field',
        'swallow field',
        'field behind the hedge',
      ],
      openings: [
        'The field runs on to the sky in rows that were drawn by a patient hand.',
        'A footpath goes down the middle, one person wide, with stalks brushing either sleeve.',
        'Everything here is about the same height, and when the wind comes it all agrees.',
      ],
      details: [
        'A hare sits up, considers you from a distance, and goes back to breakfast.',
        'The earth in the furrows is dark and crumbles like cake.',
        'Along the edge a strip has been left wild for whatever wants it.',
      ],
      fixtures: [
        {
          name: 'scarecrow',
          aliases: ['straw man'],
          description: 'It wears a good coat, and a sparrow has nested in the pocket.',
          use: 'You straighten the hat of the scarecrow, and feel, absurdly, thanked.',
        },
        {
          name: 'boundary stone',
          aliases: ['old stone'],
          description: 'It is sunk to its shoulders, and what was carved on it has gone back to being stone.',
          use: 'You rest your back against the boundary stone and look at nothing for a while.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'pressed flower',
      aliases: ['flower'],
      description: 'It is thin as tissue and still, stubbornly, yellow.',
      use: 'You lift the flower to your face; it smells faintly of a summer somebody wanted to keep.',
    },
    {
      name: 'ear of barley',
      aliases: ['barley', 'ear'],
      description: 'It is whiskered and dry, and every grain in it is a field, sooner or later.',
      use: 'You stroke the ear of barley one way, and it is silk; the other way, it will not have it.',
    },
    {
      name: 'seed tin',
      aliases: ['tin', 'seeds'],
      description: 'It is flat, with a scratched lid, and rattles.',
      use: 'You shake a few seeds from the tin into your palm; none of them says what it will be.',
      openable: true,
    },
    {
      name: 'clay marble',
      aliases: ['marble'],
      description: 'It is not quite round, with a thumbprint baked into it for good.',
      use: 'You roll the clay marble from hand to hand until both hands are paying attention.',
    },
  ],
  people: [
    {
      name: 'beekeeper',
      aliases: ['keeper of bees'],
      description: 'She moves slowly, in a straw hat, and seems to be asking permission of the air.',
      mood: 'gentle',
    },
    {
      name: 'travelling fiddler',
      aliases: ['fiddler', 'musician'],
      description: 'He is between one wedding and the next and practises the slow tunes on the way.',
      mood: 'light-hearted',
    },
    {
      name: 'young farmer',
      aliases: ['farmer'],
      description: 'They lean on their rake as if the day were something one could lean on.',
      mood: 'easygoing',
    },
  ],
};

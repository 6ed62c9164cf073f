import type { Land } from './land.ts';

export const WOODS: Land = {
  ways: [],
  airs: [
    'The air is cool and smells of rain and bark.',
    'A wren scolds once, thinks better of it, and lets you stay.',
    'Light comes down through the leaves in coins and lies wherever it lands.',
    'High up the wind is moving, but down here it is only a sound.',
  ],
  kinds: [
    {
      nouns: ['grove', 'trees'],
      theme: 'mindfulness',
      moods: ['calm', 'hushed'],
      names: [
        'birch grove',
        'listening grove',
        'alder grove',
        'grove of tall ferns',
        'rowan grove',
        'deer grove',
        'hazel grove',
        'grove of first leaves',
      ],
      openings: [
        'The trees stand in a loose ring here, as if they had been talking and politely stopped.',
        'Slender trunks rise on every side, and the ground between them is soft with years of leaves.',
        'Young trees have grown toward one another and left a small room in the middle.',
      ],
      details: [
        'A single leaf turns on a thread of spider silk and cannot be hurried.',
        'The tips of the ferns are still curled tight, taking their own time about opening.',
        'Deadwood has been left lying where it fell, and it is busy with small green life.',
      ],
      fixtures: [
        {
          name: 'fallen trunk',
          aliases: ['trunk', 'log'],
          description: 'It came down long ago and has become a bench, a garden, and a bridge for ants.',
          use: 'You sit down on the fallen trunk, and your breath evens out without being asked.',
        },
        {
          name: 'hollow tree',
          aliases: ['tree'],
          description: 'There is room for one inside, and the dark in there smells of mushrooms and pencils.',
          use: 'You stand inside the hollow tree for a while, held on all sides, and step out a little taller.',
        },
      ],
    },
    {
      nouns: ['pinewood', 'pines'],
      theme: 'resilience',
      moods: ['steady', 'sheltering'],
      names: [
        'old pinewood',
        'weathered pinewood',
        'pinewood on the slope',
        'blue pinewood',
        'squirrel pinewood',
        'deep pinewood',
        'pinewood of long shadows',
        'sandy pinewood',
      ],
      openings: [
        'Every trunk leans a little the same way, from some great wind long ago, and every one has gone on growing.',
        'Dark trunks go up bare for a long time before they spread into green.',
        'Your steps make no noise at all here, the needles lie so deep.',
      ],
      details: [
        'Old scars in the bark have healed into something like handwriting.',
        'Beads of resin shine where a branch once broke, gold and slow.',
        'Seedlings no taller than your hand have come up in the one patch of sun.',
      ],
      fixtures: [
        {
          name: 'anthill',
          aliases: ['ants'],
          description: 'It is knee-high and never still: ten thousand small errands without a quarrel.',
          use: 'You watch the anthill until your own errands look a little lighter to carry.',
        },
        {
          name: 'split boulder',
          aliases: ['boulder', 'rock'],
          description: 'A seed once fell into a crack in it, and the pine won, very slowly.',
          use: 'You lay your hand in the crack of the split boulder, where the root is warm and the stone is not.',
        },
      ],
    },
    {
      nouns: ['hollow', 'dell'],
      theme: 'self_reflection',
      moods: ['restful', 'private'],
      names: [
        'mossy hollow',
        'badger hollow',
        'fern hollow',
        'leaf-filled hollow',
        'sleeping hollow',
        'hollow under the oaks',
        'owl hollow',
        'green hollow',
      ],
      openings: [
        'The ground dips into a green bowl, and the wind passes overhead without coming in.',
        'Moss has covered everything here so evenly that even the stones look rested.',
        'Roots hold the sides of this small dip like the arms of an old chair.',
      ],
      details: [
        'There is exactly one dry place to sit, worn smooth by whoever found it before you.',
        'A trickle of water too small for a name finds its way round each stone in turn.',
        'Leaves from many autumns lie here together, the oldest already turning into earth.',
      ],
      fixtures: [
        {
          name: 'moss cushion',
          aliases: ['moss', 'cushion'],
          description: 'It is as wide as a bed and springs back wherever it is pressed.',
          use: 'You press your palm into the moss cushion and watch the mark of it slowly fill again.',
        },
        {
          name: 'root spring',
          aliases: ['spring'],
          description: 'It wells up between two roots, no wider than a cup and never empty.',
          use: 'You drink from the root spring out of your hand; it tastes of stone, and of nothing else at all.',
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'owl feather',
      aliases: ['feather'],
      description: 'Its edge is combed soft, made for moving through the dark without a sound.',
      use: 'You draw the owl feather along your wrist, and your shoulders come down by themselves.',
    },
    {
      name: 'acorn cup',
      aliases: ['acorn', 'cup'],
      description: 'It is empty, scaled like a small brown hat, and the acorn it let go of is a tree by now.',
      use: 'You balance the acorn cup on a fingertip, which takes all the attention you have.',
    },
    {
      name: 'carved whistle',
      aliases: ['whistle'],
      description: 'It is willow wood, whittled by someone with more patience than skill.',
      use: 'You blow one thin note on the whistle; far off, something that might be a bird replies.',
    },
    {
      name: 'snail shell',
      aliases: ['shell', 'spiral shell'],
      description: 'It winds in on itself with great care, a little house with no straight lines.',
      use: 'You trace the spiral of the shell inward, then outward again, and breathe at its pace.',
    },
  ],
  people: [
    {
      name: 'charcoal burner',
      aliases: ['burner'],
      description: 'She is black to the elbows and tends her slow fire as if it were shy.',
      mood: 'patient',
    },
    {
      name: 'mushroom gatherer',
      aliases: ['gatherer'],
      description: 'He carries a basket of yellow trumpets and talks to himself in questions.',
      mood: 'curious',
    },
    {
      name: 'old forester',
      aliases: ['forester'],
      description: 'They know every tree by its troubles and greet a few of them in passing.',
      mood: 'steady',
    },
  ],
};

import type { Land } from './land.ts';

export const HAMLET: Land = {
  ways: [],
  airs: [
    'Somewhere close by, somebody is baking.',
    'A window is open, and behind it someone is practising the same eight bars.',
    'A cat has taken the only warm step and means to keep it.',
    'Voices carry over the roofs, too far to make out, near enough to keep you company.',
  ],
  kinds: [
    {
      nouns: ['lane', 'street'],
      theme: 'social_connection',
      moods: ['welcoming', 'neighbourly'],
      names: [
        'cobbled lane',
        'lane of painted doors',
        'weavers lane',
        'hollyhock lane',
        'lamplighters lane',
        'crooked lane',
        'cat lane',
        'washing-line lane',
      ],
      openings: [
        'Small houses stand shoulder to shoulder, and no two doors are the same colour.',
        'The lane bends so that you can never see more than three doorsteps at once.',
        'Two people could just pass each other here, and would have to say good day.',
      ],
      details: [
        'Boots have been left out on a step to dry, in four sizes.',
        'Washing hangs across from window to window like slow flags.',
        'Pots of herbs crowd the sills, with scissors on a string for anyone who needs some.',
      ],
      fixtures: [
        {
          name: 'stone trough',
          aliases: ['trough'],
          description: 'It was for horses once; now children sail walnut shells in it.',
          use: 'You set a walnut shell afloat in the stone trough and blow until it reaches the other side.',
        },
        {
          name: 'giving shelf',
          aliases: ['shelf'],
          description: 'It has a little roof, a loaf, a mended toy and a sign: “take or leave”.',
          use: 'You straighten what stands on the giving shelf, and leave a kind thought for want of anything better.',
        },
      ],
    },
    {
      nouns: ['garden', 'gardens'],
      theme: 'mindfulness',
      moods: ['tended', 'peaceful'],
      names: [
        'walled garden',
        'kitchen garden',
        'garden of tall beans',
        'rose garden',
        'shared garden',
        'herb garden',
        'garden behind the school',
        'quince garden',
      ],
      openings: [
        'Beds of earth lie side by side, each dug in its own way.',
        'A gate that never quite closes lets you in among things that were planted as they came.',
        'The paths here are made of broken plates, blue and white, put together again as something else.',
      ],
      details: [
        'Bees work along a row of blossom and pay you no attention.',
        'A label on a stick says only “wait and see”.',
        'Someone has watered lately; the leaves still hold their drops like lenses.',
      ],
      fixtures: [
        {
          name: 'sundial',
          aliases: ['dial'],
          description: 'Ivy has grown over the afternoon, so it tells only the good hours.',
          use: 'You stand by the sundial until the shadow has moved by the width of a finger.',
        },
        {
          name: 'garden bench',
          aliases: ['bench'],
          description: 'It is just long enough for two people, or for one and a bowl of beans.',
          use: 'You sit down on the garden bench and shell a few beans; soon your hands are thinking for you.',
        },
      ],
    },
    {
      nouns: ['yard', 'workshop'],
      theme: 'resilience',
      moods: ['busy', 'sturdy'],
      names: [
        'mill yard',
        'potters yard',
        'coopers yard',
        'yard of stacked timber',
        'ropemakers yard',
        'wheelwright yard',
        'old smithy yard',
        'carpenters yard',
      ],
      openings: [
        'Work has been going on in this yard for so long that the cobbles have taken the shape of it.',
        'Barrows, boards and barrels stand about in the order of whoever used them last.',
        'Half-finished things lean along the wall, and none of them seems worried about it.',
      ],
      details: [
        'A crack in the gatepost has been bound with iron, neatly, and is now the strongest part.',
        'Swallows come and go through a gap in the eaves that was left open for them.',
        'A kettle is ticking on a brazier, with more cups around it than people.',
      ],
      fixtures: [
        {
          name: 'grindstone',
          aliases: ['whetstone', 'wheel'],
          description: 'It is worn to a waist in the middle and still runs true.',
          use: 'You give the grindstone a push and listen to it run, round and round, down to nothing.',
        },
        {
          name: 'toolbox',
          aliases: ['tools', 'box'],
          description: 'Every tool in it has had at least one new handle.',
          use: 'You take a file from the toolbox, smooth one rough edge that nobody asked about, and put it back.',
          openable: true,
        },
      ],
    },
  ],
  keepsakes: [
    {
      name: 'brass button',
      aliases: ['button'],
      description: 'It has an anchor on it and one thread of the coat it used to close.',
      use: 'You polish the brass button on your sleeve until a small, bent you looks out of it.',
    },
    {
      name: 'ball of twine',
      aliases: ['twine', 'string'],
      description: 'It was wound by someone who saves every piece and ties them all together.',
      use: 'You unwind a little of the twine, count five knots, and wind it up again.',
    },
    {
      name: 'wooden top',
      aliases: ['top', 'spinning top'],
      description: 'Its red stripe is nearly worn away by all the standing up it has done.',
      use: 'You spin the wooden top on your palm, and while it spins nothing else is going on.',
    },
    {
      name: 'patched mitten',
      aliases: ['mitten', 'glove'],
      description: 'There is more patch than mitten by now, in six colours of wool.',
      use: 'You put on the patched mitten, and one hand at least is looked after.',
    },
  ],
  people: [
    {
      name: 'young baker',
      aliases: ['baker'],
      description: 'She is white to the eyebrows and gives away whatever came out crooked.',
      mood: 'cheerful',
    },
    {
      name: 'retired postman',
      aliases: ['postman'],
      description: 'He still walks the old round every day, only now without the letters.',
      mood: 'companionable',
    },
    {
      name: 'potter',
      aliases: ['clay worker'],
      description: 'They shape one bowl after another and keep the ones that wobble.',
      mood: 'absorbed',
    },
  ],
};

/** People, creatures, places and things one could walk up to: nobody is told of one that is not there. */
export const TANGIBLE: ReadonlySet<string> = new Set(
  [
    'king queen prince princess knight wizard witch mage priest monk nun soldier thief bandit pirate sailor',
    'captain farmer blacksmith smith baker innkeeper merchant trader shopkeeper librarian elder sage hermit healer',
    'hunter shepherd fisherman ferryman gardener minstrel bard stranger traveller child boy girl crowd villager',
    'man woman dragon goblin orc troll giant elf dwarf fairy ghost demon monster beast wolf fox deer horse',
    'dog cat owl raven crow snake spider rabbit goat unicorn castle tower palace fortress temple church chapel shrine',
    'ruin village town city house cottage cabin hut inn tavern shop market mill barn farm library school hospital',
    'harbour harbor ship bridge gate door doorway window stairs staircase ladder cave cavern tunnel dungeon',
    'forest wood clearing meadow field orchard garden hill mountain valley cliff gorge canyon desert swamp island beach',
    'lake river stream waterfall fountain statue altar throne table chair bench fireplace campfire torch',
    'lantern lamp candle box key map sword dagger shield armour armor wand amulet crown gold',
    'treasure gem crystal potion bottle cup goblet book journal scroll rope bag backpack cloak boat',
    'flute harp bell wagon cart carriage portal',
  ].flatMap((line) => line.split(' ')),
);

/** These tell that something is not there, or speak of it as words do, or of what it is like. */
export const ABSENCE =
  /\b(?:no|not|nor|never|nothing|nobody|nowhere|none|without|neither|cannot|can’t|isn’t|aren’t|don’t|doesn’t|didn’t|won’t|couldn’t|only the name)\b/iu;
export const SPEECH =
  /\b(?:say|says|said|speak|speaks|spoke|talk|talks|tell|tells|ask|asks|mention|mentions|word|words|name|named|think|thought|thoughts|feel|feeling|remember|memory|imagine|wonder|hope|wish|mind|seek|search|look for|looks? (?:about|round|around)|sign of|after|reach(?:es)? for|want|expect|find)\b/iu;

/**
 * What else not to speak of when somebody asks to keep clear of a theme. Words in their plain form; inflections are
 * found by themselves.
 */
export const AVOIDED_THEMES: readonly (readonly string[])[] = [
  'death dead die dying grave funeral coffin corpse bury burial mourn grief grieve bereavement ghost deceased'.split(
    ' ',
  ),
  'violence violent fight fist strike blow hit weapon sword knife war battle attack assault punch blood wound kill'.split(
    ' ',
  ),
  'alcohol drink drunk drinking wine beer whisky spirits bar tavern inn pub ale cider addiction'.split(' '),
  'water drown drowning sea ocean lake river stream flood wave swim deep shore lakeshore rain fountain brook tide boat'.split(
    ' ',
  ),
  'height heights cliff ledge steep fall falling summit abyss gorge ridge peak precipice tower edge below lookout'.split(
    ' ',
  ),
  'darkness dark night shadow gloom dusk midnight black'.split(' '),
  'family mother father parent sister brother daughter son child childhood grandmother grandfather mum dad'.split(
    ' ',
  ),
  'food eat eating meal bread apple cake hungry hunger weight diet kitchen taste'.split(' '),
  'fire flame burn burning smoke ash blaze candle'.split(' '),
  'illness ill sick sickness hospital disease cancer doctor medicine pain'.split(' '),
  'loneliness lonely alone solitude abandoned isolation isolated'.split(' '),
  'confinement trapped locked cage prison cell narrow enclosed cave cellar grotto'.split(' '),
  'religion god prayer pray church temple chapel faith blessing blessed'.split(' '),
  'animals animal dog cat wolf snake spider insect bee bird hawk lark owl snail feather'.split(' '),
  'storm thunder lightning wind gale tempest thundering windswept windblown'.split(' '),
];

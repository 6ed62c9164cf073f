import type { TherapeuticElement } from '../../../contracts/narrative.ts';
import type { Variants } from '../select.ts';

/** Kinds of things to do, in the order in which they are offered when nothing speaks for another. */
export const OFFER_KINDS = ['ways', 'people', 'things', 'breathers'] as const;
export type OfferKind = (typeof OFFER_KINDS)[number];

/** What a goal in somebody’s own words is about. */
export interface GoalKind {
  readonly name: string;
  readonly words: RegExp;
  readonly element: TherapeuticElement;
  /** Which choices serve it; the first is offered first. */
  readonly serves: readonly OfferKind[];
  /** Thoughts that come by the way; none of them says what to do. */
  readonly thoughts: Variants;
}

export const GOAL_KINDS: readonly GoalKind[] = [
  {
    name: 'calm',
    words: /anxi|stress|calm|mindful|relax|panic|worr|breath|sleep|ground|present|overwhelm|tension|rest/i,
    element: 'self_reflection',
    serves: ['breathers', 'things', 'people', 'ways'],
    thoughts: [
      'Between one thought and the next there is a gap, and for a moment you are in it.',
      'You find that you can feel your own pulse, and that it is slowing.',
      'The next hour can look after itself; this minute has you in it.',
      'A worry comes by, sees that you are busy noticing things, and waits its turn.',
      'You count three sounds, and by the third you are more here than before.',
      'Your breath out is longer than your breath in, and nobody asked it to be.',
      'What you were bracing for has not come; your jaw finds out first.',
      'Somewhere below the noise there is a floor, and you have just felt it.',
      'One thing at a time has arrived, and it is this thing.',
      'You notice the place where your shoulders end, and that it is lower than before.',
      'There is no test at the end of this moment.',
    ],
  },
  {
    name: 'connection',
    words: /lonel|social|connect|friend|relation|communicat|trust(?! my)|belong|people|isolat|shy/i,
    element: 'social_connection',
    serves: ['people', 'ways', 'things', 'breathers'],
    thoughts: [
      'It strikes you how often a sentence is all it takes.',
      'You think of somebody who would like to hear about this.',
      'Being seen turns out to be quieter than you expected.',
      'You notice that you have been talking, in your head, to someone kind.',
      'Somewhere someone is glad, without knowing why, that you exist.',
      'You feel the thread that runs from you to others; it has some give in it.',
      'You hear, in your own voice, somebody you would like to know.',
      'A word you could have kept to yourself has found somewhere to go.',
      'It takes less than you thought, to be near somebody.',
      'You catch yourself making room beside you, in case.',
      'The distance between people, you notice, is mostly air.',
    ],
  },
  {
    name: 'courage',
    words: /courage|confiden|brave|fear|self.?esteem|assert|self.?worth|believe in/i,
    element: 'resilience',
    serves: ['ways', 'people', 'things', 'breathers'],
    thoughts: [
      'You did that, and the world did not end; you put it with the other evidence.',
      'Courage, you notice, feels a good deal like a fast heart and going on anyway.',
      'Some part of you had said that you could not. It is quiet now.',
      'Your voice, the inner one, sounds a size larger than this morning.',
      'You stand the way people stand who are allowed to be here.',
      'The thing you were afraid of has an outline now, and an outline has a far side.',
      'You did not wait until you were ready, and it went well enough.',
      'There was a smaller step on offer, and you took the one you wanted.',
      'Your knees have an opinion; you thank them and stay.',
      'It turns out that being afraid and being able are on speaking terms.',
      'You take up exactly as much room as you need.',
    ],
  },
  {
    name: 'reflection',
    words: /reflect|insight|understand myself|self.?aware|identity|purpose|meaning|journal|values|grow/i,
    element: 'self_reflection',
    serves: ['things', 'breathers', 'people', 'ways'],
    thoughts: [
      'What you noticed first says something about you; you leave it there to ripen.',
      'You see yourself for a moment as from across a room, and rather like the look of it.',
      'There is a pattern in what you choose. You have only just begun to see it.',
      'You wonder what you would have done a year ago, and find that the answer differs.',
      'Something you took for granted turns, and shows that it was a choice.',
      'A question that used to be about others has quietly become about you.',
      'You watch the thought go by and wonder who is watching.',
      'What you feel about it arrives a moment after what you think about it; you wait for both.',
      'You could tell this story another way, and for a moment you do.',
      'There is a reason that it was this you noticed.',
      'You recognise the feeling before you recognise the cause.',
    ],
  },
  {
    name: 'resilience',
    words:
      /resilien|cope|coping|recover|trauma|persever|persist|overcome|heal|strength|stress.?toler|burn.?out/i,
    element: 'resilience',
    serves: ['ways', 'things', 'breathers', 'people'],
    thoughts: [
      'You have come through harder days than this one, and brought most of yourself along.',
      'What bends comes back; you can feel it in your own back.',
      'It did not go smoothly, and it went.',
      'You count what held, not what broke, and the count is not bad.',
      'Tired is not the same as beaten. You know that from the inside.',
      'There is a toughness in you that makes no noise.',
      'You have been knocked off course before, and this, too, is a course.',
      'Something that used to end you now only interrupts you.',
      'You begin again, which you are rather good at.',
      'Whatever it was that held you up then is still under you.',
      'It costs what it costs, and you are still solvent.',
    ],
  },
  {
    name: 'hope',
    words: /grie|loss|sad|depress|hope|mourn|joy|happi|gratitu|grateful|mood|motivat/i,
    element: 'emotional_validation',
    serves: ['things', 'people', 'ways', 'breathers'],
    thoughts: [
      'The ache is there, and beside it, taking nothing away from it, this.',
      'One small thing was good just now. You let it count.',
      'You notice a colour, and that you noticed it.',
      'It is lighter than it was, by about the weight of a breath.',
      'Not every moment has to be a big one to have been yours.',
      'Something in you looks up, only briefly, like somebody checking the weather.',
      'The day gets in through a gap you had not known was there.',
      'You are not asked to be glad; you only notice that you could be.',
      'There is still something in the world with your name on the inside.',
      'A good minute does not ask how long it will be allowed to stay.',
      'You let yourself look forward by about an hour.',
    ],
  },
  {
    name: 'temper',
    words: /anger|angry|temper|frustrat|impuls|irritab|patien|regulat/i,
    element: 'problem_solving',
    serves: ['breathers', 'people', 'things', 'ways'],
    thoughts: [
      'Between the spark and what you did with it there was a moment, and it was yours.',
      'The heat in your hands has somewhere to go when you let them open.',
      'You were strong enough to be slow about it.',
      'What felt like a wall a while ago seems to have been mostly speed.',
      'You could have pushed. You notice that you did not need to.',
      'Anger, looked at from the side, had been guarding something.',
      'You feel it rise, and you feel that you feel it, and that is already something else.',
      'There is room for a breath between now and the next word.',
      'You set it down before it could be thrown.',
      'It was hot, and now it is only warm, and warm can be used.',
      'You look at what you were about to do, and it can wait.',
    ],
  },
  {
    name: 'decisions',
    words: /decid|decision|problem|choice|organi|procrastinat|plan|focus|control/i,
    element: 'problem_solving',
    serves: ['ways', 'things', 'people', 'breathers'],
    thoughts: [
      'You chose, and the choosing was easier than the wondering.',
      'Taken one at a time, the pieces turn out to be of a size for hands.',
      'Not every way has to be the right one to be worth walking.',
      'You notice what you would regret not trying, and that is a kind of compass.',
      'One thing, then the next: the knot was made of plain turns after all.',
      'You let one possibility go, and the others come into focus.',
      'It does not have to be right for ever; it has to be the next thing.',
      'Two things pull, and for once you notice which is pulling from inside.',
      'You let the question stand until it grew legs, and now it walks with you.',
      'A decision, seen from close to, is only a foot put forward.',
      'What you would tell a friend to do is suddenly quite clear.',
    ],
  },
];

/** For a goal in words that none of these knows. */
export const ANY_GOAL: Variants = [
  'What you are here for has not been forgotten; it walks along.',
  'A small part of this was practice, and you know for what.',
  'Something you have been working on moved by an inch just now.',
  'You think of what you came for, kindly, as of a friend who is on the way.',
  'Nothing dramatic happened, and still something is different.',
  'You are a little nearer to it than you were, by your own reckoning.',
  'It is not finished, and it has begun; you can tell the difference.',
  'You look at how far you have come by way of how far this felt.',
  'There was a harder way to do that, and you used to take it.',
  'What you are practising has just happened without your noticing.',
  'You give yourself half a nod.',
];

/** When a goal has been touched in several turns already. */
export const GOAL_PROGRESS: Variants = [
  'You have been here before, in yourself; it goes a little more easily now.',
  'This would have cost you more at the beginning of the story.',
  'You notice that your first thought has changed, and that you did not have to force it.',
  'It is becoming a habit, the quiet kind.',
  'What was practice a while ago begins to feel like you.',
  'Looking back, you can see the beginning, some way behind you already.',
  'You used to have to think about this part.',
  'There is a path where you have been walking, and it begins to show.',
  'You do it more gently than the first time, and it holds better.',
  'Somebody who met you today would think that you had always been like this.',
  'The old way is still there, and you have simply not taken it.',
];

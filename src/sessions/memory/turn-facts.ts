/** What of a turn is worth remembering. All but `text` and `topic` are names from lexica, worlds and stories. */
export interface TurnFacts {
  readonly turn: number;
  /** The player's words; they are looked at, not kept. */
  readonly text: string;
  readonly intent: string;
  /** Expressed in this very turn. */
  readonly feeling: string | null;
  /** In the player's words. */
  readonly topic: string | null;
  /** Where it ended; null where no world was looked at. */
  readonly place: { readonly id: string; readonly name: string } | null;
  /** To whom the player turned. */
  readonly person: { readonly id: string; readonly name: string } | null;
  readonly themes: readonly string[];
  readonly elements: readonly string[];
}

/** A state of a Gateway that its proxies are to take. What it is called is nobody's business here. */
export interface Revision {
  /** Later states of a Gateway have higher ones. */
  readonly sequence: number
  readonly label: string
  /** Uid of what it is a state of, where that is known: another one of the same name may have been there before. */
  readonly ownerUid?: string | undefined
}

/** A revision that a client has not taken yet. */
export interface Milestone {
  readonly revision: Revision
  /** All that is owed from epochs up to this one belongs to it. */
  readonly epoch: number
  /** When the client was told of it; of what it came to, when it was synced. */
  sinceMs: number
}

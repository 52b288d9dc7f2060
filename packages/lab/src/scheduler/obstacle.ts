/** What keeps a pod off a node, and whether driving other pods away could help. */

/** One reason, in the words of the reference scheduler. */
export interface Obstacle {
  readonly reason: string;
  /** Stays whichever pods go from the node (`UnschedulableAndUnresolvable`). */
  readonly isLasting: boolean;
}

/** An obstacle that goes with other pods. */
export function passing(reason: string): Obstacle {
  return { reason, isLasting: false };
}

/** An obstacle that stays whichever pods go from the node. */
export function lasting(reason: string): Obstacle {
  return { reason, isLasting: true };
}

/** What a back end promises of changes under load, and how long it is held to it. */
import type { BackEnd } from '../packets/back-ends.ts';
import type { PolicedNetwork } from '../packets/policed-network.ts';

/** A back end and its promises. */
export interface UpdatePromises {
  readonly backEnd: BackEnd;
  /** The network of the tests, of that back end. */
  readonly policed: () => PolicedNetwork;
  /** Whether what both states allow arrives to the last packet; otherwise it is only never cut off for long. */
  readonly losesNothing: boolean;
  /** How many random pairs of worlds are tried unless `WEIR_WORLDS` says. */
  readonly randomWorlds: number;
  /** How long each change goes to and fro, and how often at least. */
  readonly loadMs: number;
  readonly changesMin: number;
}

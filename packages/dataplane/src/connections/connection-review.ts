/** Ending the connections that the state in force denies (mode `cut`). */
import type { ConntrackConnection } from '@weir/kernel';
import { type Flow, hasPorts, protocolNumber } from '@weir/net';
import type { ConnectionReview, ReviewReport } from '../dataplane.ts';
import { flowOf } from './tracked-flow.ts';

/**
 * The back end's book of connections whose answers are held back: an answer that is still on its way
 * could open an ended connection again from its other end, with what was denied as the answer.
 */
export interface HeldBackAnswers {
  /** Gives free what is allowed again; resolves to how many are still held back. */
  releaseAllowed(isDenied: (flow: Flow) => boolean): Promise<number>;
  /** From when it resolves on, answers of these do not pass. */
  hold(flows: readonly Flow[]): Promise<void>;
}

/** The books that a review reads and changes. */
export interface ReviewSubject {
  readonly conntrack: ConntrackConnection;
  readonly answers: HeldBackAnswers;
}

/** More are not held back: their entries go all the same. */
export const heldBackMax = 65_536;

/** See `Dataplane.endDenied`. */
export async function endDenied({ conntrack, answers }: ReviewSubject, { addresses, isDenied }: ConnectionReview): Promise<ReviewReport> {
  const reviewed = await conntrack.connectionsOf(addresses);
  const denied = reviewed.filter((entry) => isDenied(flowOf(entry)));
  const held = await answers.releaseAllowed(isDenied);
  // Before the entries go: an answer in between would open the connection again.
  const flows = denied
    .map(flowOf)
    .filter(isHeldBack)
    .slice(0, Math.max(0, heldBackMax - held));
  if (flows.length > 0) await answers.hold(flows);
  await conntrack.delete(denied);
  return { looked: reviewed.length, ended: denied.length, heldBack: held + flows.length };
}

/** Whether answers of such a connection have to be held back: TCP's are told by the missing SYN instead. */
function isHeldBack({ protocol }: Flow): boolean {
  return hasPorts(protocol) && protocol !== protocolNumber.TCP;
}

/** The picture of who reaches whom, for `weir agent dump --pairs`: of rules that are in force, and no others. */
import type { AddressPairs } from '@weir/calc';
import { formatAddress } from '@weir/net';
import type { EndpointsInForce } from './start-gate/endpoints-in-force.ts';

/** A pod of which other rules are in force than it should have: those of before, or none of its traffic passes. */
interface UndecidedPod {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly reason: string;
}

/** Pairs with an end of an `undecided` pod are in neither list. */
export interface PairsInForce extends AddressPairs {
  readonly undecided: readonly UndecidedPod[];
}

/** What the rules that are in force say; `pairs` are of the state that should be. */
export function pairsInForce({ allowed, denied, leftOut }: AddressPairs, endpoints: EndpointsInForce): PairsInForce {
  const undecided = [...endpoints.all()].flatMap(({ uid, namespace, name, addresses }): UndecidedPod[] => {
    const reason = endpoints.quarantineOf(uid);
    return reason === undefined ? [] : [{ namespace, name, addresses: addresses.map(formatAddress), reason }];
  });
  const unknown = new Set(undecided.flatMap(({ addresses }) => addresses));
  const isKnown = ({ source, destination }: { source: string; destination: string }): boolean =>
    !unknown.has(source) && !unknown.has(destination);
  return { allowed: allowed.filter(isKnown), denied: denied.filter(isKnown), leftOut, undecided };
}

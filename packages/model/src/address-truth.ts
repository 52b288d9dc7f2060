/**
 * Whether an end's address lies in ranges, also where nobody told the address.
 *
 * A pod of a manifest has no address yet, but one of the flow's family, and where the ranges of pods are
 * known one of those. A block that holds all of them holds the pod, and one that touches none of them does not.
 */
import {
  type AddressRange,
  addressRangesContain,
  compareAddresses,
  type Family,
  familyRange,
  subtractAddressRanges,
  unionOfAddressRanges,
} from '@weir/net';
import type { PolicyWorld } from './policy-world.ts';
import type { FlowEnd, FlowQuestion, Truth } from './verdict.ts';

/** The family of a flow: that of an address of its ends, else what the question says; undefined where nobody told. */
export function familyOfFlow({ source, destination, family }: Pick<FlowQuestion, 'source' | 'destination' | 'family'>): Family | undefined {
  return source.address?.family ?? destination.address?.family ?? family;
}

/** Whether the end's address is one of the ranges, which are sorted and disjoint. */
export function addressInRanges(
  world: Pick<PolicyWorld, 'podRanges'>,
  ranges: readonly AddressRange[],
  end: FlowEnd,
  family: Family | undefined,
): Truth {
  if (ranges.length === 0) return 'no';
  if (end.address !== undefined) return addressRangesContain(ranges, end.address) ? 'yes' : 'no';
  const places = unionOfAddressRanges((family === undefined ? ([4, 6] as const) : [family]).flatMap((one) => placesOf(world, end, one)));
  const outside = subtractAddressRanges(places, ranges);
  if (outside.length === 0) return 'yes';
  return isSame(outside, places) ? 'no' : 'unknown';
}

/** Where the address of an end may be. */
function placesOf({ podRanges }: Pick<PolicyWorld, 'podRanges'>, end: FlowEnd, family: Family): readonly AddressRange[] {
  const known = end.kind === 'endpoint' ? podRanges.filter(({ first }) => first.family === family) : [];
  return known.length === 0 ? [familyRange(family)] : known;
}

function isSame(some: readonly AddressRange[], others: readonly AddressRange[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ first, last }, i) => {
      const other = others[i];
      return other !== undefined && compareAddresses(first, other.first) === 0 && compareAddresses(last, other.last) === 0;
    })
  );
}

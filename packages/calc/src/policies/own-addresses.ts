/**
 * What rules ask of the addresses of the endpoint that their policy selects.
 *
 * A program belongs to an endpoint and not to one of its addresses, so a rule that asks for them is of one family: an
 * endpoint has one address of each. Where it has more, what is asked holds as it lets less through.
 */

import type { Rule, Side } from '@weir/model';
import { type Address, type AddressRange, addressRangesContain, type Family, formatAddress } from '@weir/net';
import { type Reading, readingFor } from '../delta/set-spec.ts';

/** What the addresses of one family must be; an endpoint without any does not have it. */
export interface OwnAddresses {
  readonly family: Family;
  readonly nets?: readonly AddressRange[];
  readonly notNets?: readonly AddressRange[];
  /** Whether all of several addresses must have it, or one may. */
  readonly reading: Reading;
}

const families: readonly Family[] = [4, 6];

/** What the rule asks of the addresses of its own end, for each family for which it can hold; undefined: nothing. */
export function ownAddressesOf({ action, match: { family } }: Rule, { nets, notNets }: Side): OwnAddresses[] | undefined {
  if (nets === undefined && notNets === undefined) return undefined;
  const of = (one: Family, ranges: readonly AddressRange[]): AddressRange[] => ranges.filter(({ first }) => first.family === one);
  return families
    .filter((one) => (family === undefined || family === one) && (nets === undefined || of(one, nets).length > 0))
    .map((one) => ({
      family: one,
      ...(nets === undefined ? {} : { nets: of(one, nets) }),
      ...(notNets === undefined ? {} : { notNets: of(one, notNets) }),
      reading: readingFor(action, false),
    }));
}

/** Equal for what is asked in the same words. */
export function ownAddressesKey({ family, nets, notNets = [], reading }: OwnAddresses): string {
  const texts = (ranges: readonly AddressRange[]): string =>
    ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join();
  return `${reading} ${family} ${nets === undefined ? '' : `in ${texts(nets)}`} not ${texts(notNets)}`;
}

/** Whether an endpoint with these addresses has what is asked. */
export function haveAsked(addresses: readonly Address[], { family, nets, notNets = [], reading }: OwnAddresses): boolean {
  const own = addresses.filter((address) => address.family === family);
  const isAsked = (address: Address): boolean =>
    (nets === undefined || addressRangesContain(nets, address)) && !addressRangesContain(notNets, address);
  return own.length > 0 && (reading === 'must' ? own.every(isAsked) : own.some(isAsked));
}

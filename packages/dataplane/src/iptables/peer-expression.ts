/**
 * The peers of a rule as one set: all tests of the rule together (`in A`, `not in B`, `in 10.0.0.0/8`),
 * resolved here, so that a packet asks the kernel one question for each rule.
 *
 * That makes changes safe without being one instant: while an address goes from one set to another, a
 * rule sees it in the state of before or in the one behind, and never in a mixture of tests.
 */
import type { ContentKey, Membership, PeerSet, PeerTest, ProtocolPort } from '@weir/calc';
import {
  type Address,
  type AddressRange,
  addressFromWords,
  addressRangesContain,
  type Family,
  familyBits,
  formatAddress,
  protocolNumber,
  subtractAddressRanges,
} from '@weir/net';
import { coveringBlocks } from './covering-blocks.ts';

/** Tests that a peer has to pass, all of them; at least one. */
export interface PeerExpression {
  readonly key: string;
  /** Sets of pods with what a member has to be. */
  readonly podTests: readonly PeerTest[];
  /** Addresses for which the tests hold as long as they are in no set of pods; normalised. */
  readonly ranges: readonly AddressRange[];
  /** What the tests of ranges leave; addresses in sets of pods are asked this too. */
  readonly within: readonly AddressRange[];
  readonly hasPorts: boolean;
}

/** The whole space of a family. */
const everything: readonly AddressRange[] = ([4, 6] as const).map((family) => {
  const words = (word: number): number[] => Array.from({ length: familyBits(family) / 32 }, () => word);
  return { first: addressFromWords(family, words(0)), last: addressFromWords(family, words(0xffff_ffff)) };
});

/** The same tests have the same key. */
export function expressionKey(tests: readonly PeerTest[]): string {
  return JSON.stringify([...new Set(tests.map(({ set, negated }) => `${negated ? '!' : ''}${set}`))].sort());
}

/** Resolves the tests of ranges; every set has to be there. */
export function peerExpression(tests: readonly PeerTest[], peerSets: ReadonlyMap<ContentKey, PeerSet>): PeerExpression {
  let within = everything;
  const podTests: PeerTest[] = [];
  let hasPorts = false;
  for (const test of tests) {
    const set = peerSets.get(test.set);
    if (set?.kind === 'range') {
      const outside = subtractAddressRanges(everything, set.ranges);
      within = subtractAddressRanges(within, test.negated ? set.ranges : outside);
    } else {
      podTests.push(test);
      hasPorts ||= set?.kind === 'addressPort';
    }
  }
  const needsPod = podTests.some(({ negated }) => !negated);
  return { key: expressionKey(tests), podTests, within, ranges: needsPod ? [] : within, hasPorts };
}

/** The members for addresses in no set of pods. */
export function blockMembers(expression: PeerExpression, family: Family): string[] {
  return coveringBlocks(expression.ranges.filter(({ first }) => first.family === family));
}

/** Whether the set of a family finds networks, or single addresses only. */
export function hasBlocks(expression: PeerExpression, family: Family): boolean {
  return expression.ranges.some(({ first }) => first.family === family);
}

/** The members that make the set right for one address with these memberships. */
export function podMembers(
  expression: PeerExpression,
  address: Address,
  memberships: readonly Membership[],
): [member: string, option: string][] {
  const ports = matchingPorts(expression, address, memberships);
  if (ports === undefined) return shutOutMembers(expression, address);
  const text = formatAddress(address);
  if (expression.hasPorts) return ports.flatMap((port) => portMember(text, port));
  return addressRangesContain(expression.ranges, address) ? [] : [[text, '']];
}

/** The members that keep an address out of the set, whatever it is a member of. */
export function shutOutMembers(expression: PeerExpression, address: Address): [member: string, option: string][] {
  return addressRangesContain(expression.ranges, address) ? [[formatAddress(address), 'nomatch']] : [];
}

/** The ports that the tests leave (empty: the expression is not about ports), undefined when a test fails. */
function matchingPorts(
  { podTests, within }: PeerExpression,
  address: Address,
  memberships: readonly Membership[],
): readonly ProtocolPort[] | undefined {
  if (!addressRangesContain(within, address)) return undefined;
  let ports: readonly ProtocolPort[] | undefined;
  for (const { set, negated } of podTests) {
    const membership = memberships.find((each) => each.set === set);
    if ((membership !== undefined) === negated) return undefined;
    const own = membership?.ports;
    if (own === undefined) continue;
    ports = ports === undefined ? own : ports.filter((a) => own.some((b) => a.protocol === b.protocol && a.port === b.port));
  }
  return ports ?? [];
}

const portProtocols: Readonly<Record<number, string>> = {
  [protocolNumber.TCP]: 'tcp',
  [protocolNumber.UDP]: 'udp',
  [protocolNumber.SCTP]: 'sctp',
};

function portMember(address: string, { protocol, port }: ProtocolPort): [member: string, option: string][] {
  const name = portProtocols[protocol];
  return name === undefined ? [] : [[`${address},${name}:${port}`, '']];
}

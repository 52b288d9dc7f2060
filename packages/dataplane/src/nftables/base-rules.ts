/**
 * Rules of the three base chains: what holds before any policy is asked.
 *
 * Order: neighbour discovery, then closed and forged ends, then established connections (so that a
 * pod whose address was taken away cannot go on with old ones), self traffic, policies.
 */
import type { Expression, RuleDefinition } from '@weir/kernel';
import type { Family } from '@weir/net';
import { accept, drop, interfaceStartsWith, isEstablishedOrRelated, isFamily, isNeighbourDiscovery, loadAddress } from './packet-steps.ts';
import { type ProgramChain, programChainNames } from './program-rules.ts';
import { familySets } from './sets.ts';

const families = [4, 6] as const;

/** All rules of `egress`, `ingress` and `input`; `podInterfaces` are beginnings of interface names. */
export function baseRules(podInterfaces: readonly string[]): RuleDefinition[] {
  return [...sourceChain('egress', podInterfaces), ...targetChain(podInterfaces), ...sourceChain('input', podInterfaces)];
}

/** `egress` and `input`: packets of local pods, to others and to their own node. */
function sourceChain(chain: 'egress' | 'input', podInterfaces: readonly string[]): RuleDefinition[] {
  return [
    { chain, expressions: [...isNeighbourDiscovery(), accept], comment: 'neighbour discovery' },
    ...families.flatMap((family) => [
      ...podInterfaces.map((prefix) => closedSource(chain, family, prefix)),
      { chain, expressions: forgedSource(family), comment: 'address of a pod on a link that is not its own' },
    ]),
    { chain, expressions: [...isEstablishedOrRelated(), accept] },
    ...families.flatMap((family) => [
      ...(chain === 'egress' ? [selfRule(chain, family)] : []),
      ...dispatchRules({ chain, map: familySets(family).egress, end: 'source', of: { direction: 'egress', family } }),
    ]),
  ];
}

/** `ingress`: packets to local pods. */
function targetChain(podInterfaces: readonly string[]): RuleDefinition[] {
  const chain = 'ingress';
  return [
    { chain, expressions: [...isNeighbourDiscovery(), accept], comment: 'neighbour discovery' },
    ...families.flatMap((family) => podInterfaces.map((prefix) => closedTarget(family, prefix))),
    { chain, expressions: [...isEstablishedOrRelated(), accept] },
    ...families.flatMap((family) => [
      selfRule(chain, family),
      ...dispatchRules({ chain, map: familySets(family).ingress, end: 'destination', of: { direction: 'ingress', family } }),
    ]),
  ];
}

/** Nothing comes from a pod's link with an address that was not acknowledged. */
function closedSource(chain: string, family: Family, prefix: string): RuleDefinition {
  return {
    chain,
    expressions: [
      ...interfaceStartsWith('iifname', prefix),
      ...isFamily(family),
      loadAddress(family, 'source', 0),
      { kind: 'lookup', set: familySets(family).local, key: 0, inverted: true },
      { kind: 'counter' },
      drop,
    ],
    comment: 'no acknowledged pod has this address',
  };
}

function closedTarget(family: Family, prefix: string): RuleDefinition {
  return {
    chain: 'ingress',
    expressions: [
      ...interfaceStartsWith('oifname', prefix),
      ...isFamily(family),
      loadAddress(family, 'destination', 0),
      { kind: 'lookup', set: familySets(family).local, key: 0, inverted: true },
      { kind: 'counter' },
      drop,
    ],
    comment: 'no acknowledged pod has this address',
  };
}

/** A local pod's address comes from its own link only, whatever kind of interface others are. */
function forgedSource(family: Family): Expression[] {
  const sets = familySets(family);
  return [
    ...isFamily(family),
    loadAddress(family, 'source', 4),
    { kind: 'lookup', set: sets.local, key: 4 },
    { kind: 'lookup', set: sets.unlinked, key: 4, inverted: true },
    { kind: 'meta', key: 'iifname', into: 0 },
    { kind: 'lookup', set: sets.link, key: 0, inverted: true },
    { kind: 'counter' },
    drop,
  ];
}

function selfRule(chain: string, family: Family): RuleDefinition {
  const second = family === 4 ? 1 : 4;
  return {
    chain,
    expressions: [
      ...isFamily(family),
      loadAddress(family, 'source', 0),
      loadAddress(family, 'destination', second),
      { kind: 'lookup', set: familySets(family).self, key: 0 },
      accept,
    ],
    comment: 'a pod reaches itself',
  };
}

interface Dispatch {
  readonly chain: string;
  readonly map: string;
  readonly end: 'source' | 'destination';
  readonly of: ProgramChain;
}

/**
 * Sends isolated endpoints through their programs; all others stay with the chain's policy, accept.
 *
 * A packet that nothing let through is judged once more before it is dropped: when a transaction
 * takes force between two lookups of one packet, it asked with an old number in new sets, and the
 * second look sees new ones only (DP43).
 */
function dispatchRules({ chain, map, end, of }: Dispatch): RuleDefinition[] {
  const { main, deny } = programChainNames(of);
  return [main, main, deny].map((target, i) => ({
    chain,
    expressions: [
      ...isFamily(of.family),
      loadAddress(of.family, end, 4),
      { kind: 'lookup', set: map, key: 4, into: 0 },
      { kind: 'jump', chain: target },
    ],
    comment: i === 1 ? 'once more, if a change came in between' : `endpoints in ${map}`,
  }));
}

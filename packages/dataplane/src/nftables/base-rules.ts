/**
 * Rules of the three base chains: what holds before any policy is asked.
 *
 * Order: neighbour discovery, then closed and forged ends, then established connections (so that a
 * pod whose address was taken away cannot go on with old ones), self traffic, policies.
 */
import type { Expression, RuleDefinition } from '@weir/kernel';
import type { Family } from '@weir/net';
import {
  accept,
  drop,
  interfaceStartsWith,
  isEstablishedOrRelated,
  isFamily,
  isNeighbourDiscovery,
  loadAddress,
  readablePackets,
  selfRule,
} from './packet-steps.ts';
import type { ProgramChain } from './pod-reading.ts';
import { programChainTargets } from './program-rules.ts';
import { reportDenied, unownedEnd } from './reports.ts';
import { familySets } from './sets.ts';

const families = [4, 6] as const;

/** What the rules depend on. */
export interface BaseRuleOptions {
  /** Beginnings of interface names. */
  readonly podInterfaces: readonly string[];
  /** Whether pods reach their own node: whatever policies say, or not at all. */
  readonly podToOwnNode: 'by-policy' | 'always' | 'never';
  /** Whether packets of closed and forged ends are reported before they are dropped. */
  readonly reports: boolean;
}

/** All rules of the base chains. */
export function baseRules(options: BaseRuleOptions): RuleDefinition[] {
  return [
    ...sourceChain('egress', options),
    ...targetChain(options),
    ...againChain('egress_again', options),
    ...sourceChain('input', options),
    ...againChain('input_again', options),
  ];
}

/** `egress` and `input`: packets of local pods, to others and to their own node. */
function sourceChain(chain: 'egress' | 'input', options: BaseRuleOptions): RuleDefinition[] {
  return [
    letDiscoveryThrough(chain),
    ...families.flatMap((family) => [...closedSources(chain, family, options), forgedSource(chain, family, options)]),
    letEstablishedThrough(chain),
    ...closedNode(chain, options),
    ...families.flatMap((family) => [
      ...(chain === 'egress' ? [selfRule(chain, family)] : []),
      ...(asksPolicies(chain, options)
        ? dispatchRules({ chain, end: 'source', of: { look: 'egress', family }, reports: options.reports })
        : []),
    ]),
  ];
}

/** `ingress`: packets to local pods. */
function targetChain(options: BaseRuleOptions): RuleDefinition[] {
  const chain = 'ingress';
  return [
    letDiscoveryThrough(chain),
    ...families.flatMap((family) => closedTargets(chain, family, options)),
    letEstablishedThrough(chain),
    ...families.flatMap((family) => [
      selfRule(chain, family),
      ...dispatchRules({ chain, end: 'destination', of: { look: 'ingress', family }, reports: options.reports }),
    ]),
  ];
}

/**
 * `egress_again` and `input_again`: all that was asked about the source, and whether the target is
 * closed, once more behind everything else. Established packets are asked only what can have changed
 * while `egress` asked whether they are forged.
 */
function againChain(chain: 'egress_again' | 'input_again', options: BaseRuleOptions): RuleDefinition[] {
  return [
    letDiscoveryThrough(chain),
    ...families.flatMap((family) => closedSources(chain, family, options)),
    letEstablishedThrough(chain),
    ...closedNode(chain, options),
    ...families.flatMap((family) => [
      ...(chain === 'egress_again' ? closedTargets(chain, family, options) : []),
      forgedSource(chain, family, options),
      ...(chain === 'egress_again' ? [selfRule(chain, family)] : []),
      ...(asksPolicies(chain, options)
        ? dispatchRules({ chain, end: 'source', of: { look: 'egress_again', family }, reports: options.reports })
        : []),
    ]),
  ];
}

/** Whether the chain asks policies: that of packets to the node itself does not where they always get through. */
function asksPolicies(chain: string, { podToOwnNode }: BaseRuleOptions): boolean {
  return podToOwnNode === 'by-policy' || !chain.startsWith('input');
}

/** No pod begins to talk to its own node where that is closed to pods. */
function closedNode(chain: string, { podToOwnNode, reports }: BaseRuleOptions): RuleDefinition[] {
  if (podToOwnNode !== 'never' || !chain.startsWith('input')) return [];
  return families.flatMap((family) => {
    const fromPod = [
      ...isFamily(family),
      loadAddress(family, 'source', 0),
      { kind: 'lookup', set: familySets(family).local, key: 0 } as const,
    ];
    return [
      ...(reports ? [{ chain, expressions: [...fromPod, ...reportDenied(chain, 'egress').expressions] }] : []),
      { chain, expressions: [...fromPod, { kind: 'counter' } as const, drop], comment: 'the node is closed to its pods' },
    ];
  });
}

function letDiscoveryThrough(chain: string): RuleDefinition {
  return { chain, expressions: [...isNeighbourDiscovery(), accept], comment: 'neighbour discovery' };
}

function letEstablishedThrough(chain: string): RuleDefinition {
  return { chain, expressions: [...isEstablishedOrRelated(), accept] };
}

/** Nothing comes from a pod's link with an address that was not acknowledged. */
function closedSources(chain: string, family: Family, { podInterfaces, reports }: BaseRuleOptions): RuleDefinition[] {
  return podInterfaces.map((prefix) => {
    const source = [...interfaceStartsWith('iifname', prefix), loadAddress(family, 'source', 0)];
    return closedRule(chain, family, [...source, ...isNoAddressOfOurs(family), ...unownedEnd('closed source', reports)]);
  });
}

/** Nothing goes to an address on a pod's link that was not acknowledged. */
function closedTargets(chain: string, family: Family, { podInterfaces, reports }: BaseRuleOptions): RuleDefinition[] {
  return podInterfaces.map((prefix) => {
    const target = [...interfaceStartsWith('oifname', prefix), loadAddress(family, 'destination', 0)];
    return closedRule(chain, family, [...target, ...isNoAddressOfOurs(family), ...unownedEnd('closed target', reports)]);
  });
}

function closedRule(chain: string, family: Family, expressions: readonly Expression[]): RuleDefinition {
  return { chain, expressions: [...isFamily(family), ...expressions], comment: 'no acknowledged pod has this address' };
}

/** Goes on when no acknowledged pod has the address that was loaded. */
function isNoAddressOfOurs(family: Family): Expression[] {
  return [{ kind: 'lookup', set: familySets(family).local, key: 0, inverted: true }];
}

/**
 * A local pod's address comes from its own link only, whatever kind of interface others are. The link
 * may become known, or unknown, between two lookups, so the first one is made again.
 */
function forgedSource(chain: string, family: Family, { reports }: BaseRuleOptions): RuleDefinition {
  const sets = familySets(family);
  return {
    chain,
    expressions: [
      ...isFamily(family),
      loadAddress(family, 'source', 4),
      { kind: 'lookup', set: sets.local, key: 4 },
      { kind: 'lookup', set: sets.unlinked, key: 4, inverted: true },
      { kind: 'meta', key: 'iifname', into: 0 },
      { kind: 'lookup', set: sets.link, key: 0, inverted: true },
      { kind: 'lookup', set: sets.unlinked, key: 4, inverted: true },
      ...unownedEnd('forged source', reports),
    ],
    comment: 'address of a pod on a link that is not its own',
  };
}

interface Dispatch {
  readonly chain: string;
  readonly end: 'source' | 'destination';
  readonly of: ProgramChain;
  readonly reports: boolean;
}

/**
 * Sends isolated endpoints through their programs; all others stay with the chain's policy, accept.
 *
 * A packet that nothing let through is judged once more before it is dropped: when a transaction
 * takes force between two lookups of one packet, it asked with an old number in new sets, or was not
 * isolated yet, and the second look sees new ones only (DP43).
 */
function dispatchRules({ chain, end, of, reports }: Dispatch): RuleDefinition[] {
  const { main, deny, log } = programChainTargets(of);
  const map = familySets(of.family)[of.look === 'ingress' ? 'ingress' : 'egress'];
  const isolated = [...isFamily(of.family), loadAddress(of.family, end, 4), { kind: 'lookup', set: map, key: 4, into: 0 } as const];
  const logs = reports && of.look !== 'egress_again';
  return [
    ...(logs ? [{ chain, expressions: [...isolated, { kind: 'jump', chain: log } as const], comment: 'what rules log' }] : []),
    ...readablePackets.map((readable) => ({
      chain,
      expressions: [...isolated, ...readable, { kind: 'jump', chain: main } as const],
      comment: `endpoints in ${map}`,
    })),
    { chain, expressions: [...isolated, { kind: 'jump', chain: deny }], comment: 'what nothing let through' },
  ];
}

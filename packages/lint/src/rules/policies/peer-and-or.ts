/** Two peers that were meant as one: a namespace alone, then pods alone, with one dash too many. */
import { compileLabelSelector, compilePodSelector } from '@weir/compile';
import { allOf, type Selector } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import { type WrittenRule, writtenRules } from '../../context/network-policy-rules.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule. */
export const peerAndOr: LintRule = {
  id: 'peer-and-or',
  title: 'two peers, one of a namespace and one of pods, that were probably meant as one',
  severity: 'warning',
  check: splitPeers,
};

/** `NetworkPolicy shop/web spec.ingress[0].from[1]`: the peers that are nobody because they were meant with the one before. */
export function secondHalves(context: LintContext): ReadonlySet<string> {
  return context.once('second halves of peers', () => new Set(splitPeers(context).map(({ of, second }) => `${of} ${second}`)));
}

interface SplitPeer extends DraftFinding {
  readonly of: string;
  readonly second: string;
}

function splitPeers(context: LintContext): readonly SplitPeer[] {
  return context.once('split peers', () => writtenRules(context).flatMap((rule) => splitPeersOf(context, rule)));
}

/** The pods of the second are in the namespaces of the first, and not in the policy's own. */
function splitPeersOf(context: LintContext, { of, field, list, peers = [] }: WrittenRule): readonly SplitPeer[] {
  const own = of.object.metadata.namespace ?? 'default';
  return peers.flatMap((peer, i): SplitPeer[] => {
    const next = peers[i + 1];
    if (peer.namespaceSelector === undefined || peer.podSelector !== undefined) return [];
    if (next?.podSelector === undefined || next.namespaceSelector !== undefined) return [];
    const isAnywhere = (selector: Selector): boolean => context.pods.matching(selector).pods.length > 0;
    const together = allOf(compileLabelSelector(peer.namespaceSelector, 'namespace'), compileLabelSelector(next.podSelector, 'pod'));
    if (!isAnywhere(together) || isAnywhere(compilePodSelector(next.podSelector, own))) return [];
    const second = `${field}.${list}[${i + 1}]`;
    return [
      {
        of: of.name,
        second,
        about: of,
        field: `${field}.${list}[${i}]`,
        message: `this means every pod of these namespaces, and the next peer pods of namespace ${own}, which has none of them`,
        action: 'for those pods in these namespaces write one peer with both selectors: without the dash before podSelector',
        related: [{ message: 'the other half', about: of, field: second }],
      },
    ];
  });
}

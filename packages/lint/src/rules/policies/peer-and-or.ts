/**
 * Peers whose parts were joined the wrong way: a namespace alone, then pods alone, with one dash too many; or pods that also
 * have to be in blocks in which none of them is.
 */
import { allOf, normaliseSelector, type Selector, selectorText } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import { type ListedPeer, peerLists } from '../../context/peer-lists.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import { isOfNamespace } from '../../context/unmatched-selector.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { podsOutsideOfBlocks } from './pods-in-blocks.ts';

/** The rule. */
export const peerAndOr: LintRule = {
  id: 'peer-and-or',
  title: 'a namespace and pods that are two peers and were meant as one, or pods and blocks that are one and were meant as two',
  severity: 'warning',
  *check(context) {
    yield* splitPeers(context);
    yield* podsOutsideOfBlocks(context);
  },
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
  return context.once('split peers', () =>
    peerLists(context).flatMap((list) => list.flatMap((peer, i) => splitPeer(context, peer, list[i + 1]))),
  );
}

/** The pods of the second are in the namespaces of the first, and not in the policy's own. */
function splitPeer(context: LintContext, first: ListedPeer, second: ListedPeer | undefined): readonly SplitPeer[] {
  const { of, field } = first;
  const { namespace: own } = of.object.metadata;
  if (!of.kind.namespaced || second?.index !== first.index + 1) return [];
  const [namespaces, pods] = [selectorOf(first), selectorOf(second)];
  const wanted = pods === undefined ? undefined : withoutOwn(pods, own ?? 'default');
  if (namespaces === undefined || !isOfNamespace(namespaces) || pods === undefined || wanted === undefined) return [];
  const isAnywhere = (selector: Selector): boolean => context.pods.matching(selector).pods.length > 0;
  if (!isAnywhere(allOf(namespaces, ...wanted)) || isAnywhere(pods)) return [];
  const how = isOfCilium(of) ? 'with the labels of both' : 'with both selectors: without the dash before podSelector';
  return [
    {
      of: of.name,
      second: second.field,
      about: of,
      field,
      message: `this means every pod of these namespaces, and the next peer pods of namespace ${own ?? 'default'}, which has none of them`,
      action: `for those pods in these namespaces write one peer ${how}`,
      related: [{ message: 'the other half', about: of, field: second.field }],
    },
  ];
}

/** The selector of a peer that asks for nothing else. */
function selectorOf({ sides }: ListedPeer): Selector | undefined {
  const selectors = sides.flatMap((side) => (side.selector !== undefined && Object.keys(side).length === 1 ? [side.selector] : []));
  const texts = new Set(selectors.map(selectorText));
  return selectors.length === sides.length && texts.size === 1 ? selectors[0] : undefined;
}

/** What is asked of pods of the policy's own namespace beside being in it; undefined where it is no such selector. */
function withoutOwn(selector: Selector, own: string): readonly Selector[] | undefined {
  const normal = normaliseSelector(selector);
  const parts = normal.kind === 'and' ? normal.of : [normal];
  const ofPods = parts.filter((part) => !isOfNamespace(part));
  const [only, ...others] = parts.filter(isOfNamespace);
  const isOwn =
    others.length === 0 && only?.kind === 'in' && only.label.space === 'reserved' && only.values.length === 1 && only.values[0] === own;
  return isOwn && ofPods.length > 0 ? ofPods : undefined;
}

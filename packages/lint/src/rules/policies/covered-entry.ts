/** Members of lists that say a part of what another one says, and so nothing. */
import type { LintContext } from '../../context/lint-context.ts';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { peerLists } from '../../context/peer-lists.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import { writtenFields } from '../../context/written-fields.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { coveringExtents, coveringPeers } from './covering-entries.ts';
import { type Extent, extentOf } from './entry-extent.ts';

/** The rule. */
export const coveredEntry: LintRule = {
  id: 'covered-entry',
  title: 'a peer, a block or a port that another one in its list covers',
  severity: 'info',
  *check(context) {
    yield* coveredPeers(context);
    for (const of of context.policies) if (!of.isRefused) yield* coveredMembers(of);
  },
};

/** Peers by what they mean, which is what no text of them says: namespaces of their own, entities, labels. */
function* coveredPeers(context: LintContext): Iterable<DraftFinding> {
  for (const list of peerLists(context)) {
    const covering = coveringPeers(list);
    for (const [i, peer] of list.entries()) {
      const by = covering[i];
      if (by !== undefined) yield told(peer.of, peer.field, by.field);
    }
  }
}

/** Blocks, ports and names as they are written. */
function* coveredMembers(of: LintPolicy): Iterable<DraftFinding> {
  const protocol = isOfCilium(of) ? 'ANY' : 'TCP';
  for (const { path, name, value } of writtenFields(of)) {
    if (!Array.isArray(value) || value.length < 2) continue;
    const covering = coveringExtents(value.map((member): Extent | undefined => extentOf(name, member, protocol)));
    for (const [i, by] of covering.entries()) if (by !== undefined) yield told(of, `${path}[${i}]`, `${path}[${by}]`);
  }
}

/** Of two that cover each other only one is found, by the rule about duplicates. */
function told(about: LintPolicy, field: string, other: string): DraftFinding {
  return {
    about,
    field,
    message: `${other} covers all of this`,
    action: 'remove it, or narrow the other one',
    related: [{ message: 'what covers it', about, field: other }],
    fix: { description: `Remove ${field}`, isSafe: true, changes: [{ kind: 'remove', field }] },
  };
}

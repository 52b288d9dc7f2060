/** Members of lists that say a part of what another one says, and so nothing. */
import type { LintContext } from '../../context/lint-context.ts';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { peerLists } from '../../context/peer-lists.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import { writtenFields } from '../../context/written-fields.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { coversSides } from './covers-side.ts';
import { coversExtent, type Extent, extentOf } from './entry-extent.ts';

/** Each member is held against each other one: longer lists are most often made by programs, and are left alone. */
const membersMax = 1_000;

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
    if (list.length > membersMax) continue;
    for (const peer of list) {
      const by = list.find((other) => other !== peer && coversSides(other.sides, peer.sides) && !coversSides(peer.sides, other.sides));
      if (by !== undefined) yield told(peer.of, peer.field, by.field);
    }
  }
}

/** Blocks, ports and names as they are written. */
function* coveredMembers(of: LintPolicy): Iterable<DraftFinding> {
  const protocol = isOfCilium(of) ? 'ANY' : 'TCP';
  for (const { path, name, value } of writtenFields(of)) {
    if (!Array.isArray(value) || value.length < 2 || value.length > membersMax) continue;
    const extents = value.map((member): Extent | undefined => extentOf(name, member, protocol));
    for (const [i, extent] of extents.entries()) {
      if (extent === undefined) continue;
      const by = extents.findIndex(
        (other, j) => j !== i && other !== undefined && coversExtent(other, extent) && !coversExtent(extent, other),
      );
      if (by >= 0) yield told(of, `${path}[${i}]`, `${path}[${by}]`);
    }
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

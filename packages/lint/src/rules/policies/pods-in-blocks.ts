/** Ends that are asked for their labels and for their addresses, and of which nobody has both. */
import type { Selector, Side } from '@weir/model';
import { type AddressRange, addressRangesContain, rangesOfBlocks, subtractAddressRanges } from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import type { DraftFinding } from '../../lint-rule.ts';

type EndName = 'source' | 'destination';

/** One end of a rule, which is several ends of the model where a selector finds sets of addresses too. */
interface AskedEnd {
  readonly about: LintPolicy;
  readonly field: string;
  readonly sides: Side[];
}

/** The addresses that pods may have where nothing says which: private and shared ones, and all unique local ones. */
const privateRanges: readonly AddressRange[] = rangesOfBlocks([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
]);

/** Only rules of Calico have both in one end. */
export function* podsOutsideOfBlocks(context: LintContext): Iterable<DraftFinding> {
  for (const { about, field, sides } of askedEnds(context)) {
    // A side without a selector is a set of addresses that the selector finds in the blocks.
    if (sides.some(({ selector }) => selector === undefined)) continue;
    if (!sides.every(({ selector, nets }) => selector !== undefined && nets !== undefined && hasNobody(context, selector, nets))) continue;
    yield {
      about,
      field,
      message: 'selector and nets of one end mean pods that also have such an address, and no pod that is selected has one: this is nobody',
      action: 'write a rule for the pods and another one for the blocks, or leave out the one that is not meant',
    };
  }
}

function askedEnds({ rules }: LintContext): Iterable<AskedEnd> {
  const ends = new Map<string, AskedEnd>();
  for (const { of, rule } of rules) {
    if (rule.origin.peerIndex !== undefined) continue;
    for (const name of ['source', 'destination'] satisfies EndName[]) {
      const side = rule.match[name];
      const field = `${fieldOfOrigin(rule.origin)}.${name}`;
      const key = `${of.name} ${field}`;
      const end = ends.get(key) ?? { about: of, field, sides: [] };
      if (side.nets !== undefined || ends.has(key)) ends.set(key, end);
      end.sides.push(side);
    }
  }
  return ends.values();
}

/** Whether there are such pods, and none of them is or can be in the blocks. */
function hasNobody({ pods, snapshot }: LintContext, selector: Selector, nets: readonly AddressRange[]): boolean {
  const { pods: found, perhaps } = pods.matching(selector);
  if (found.length === 0 || perhaps.length > 0) return false;
  if (found.some(({ addresses }) => addresses.some((address) => addressRangesContain(nets, address)))) return false;
  // Others of these pods may come, with addresses of where pods are.
  const { podRanges } = snapshot.world;
  return !touches(nets, podRanges.length === 0 ? privateRanges : podRanges);
}

function touches(nets: readonly AddressRange[], ranges: readonly AddressRange[]): boolean {
  return ranges.some((range) => JSON.stringify(subtractAddressRanges([range], nets)) !== JSON.stringify([range]));
}

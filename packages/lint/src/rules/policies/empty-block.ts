/** Blocks of addresses whose exceptions leave nothing of them: whoever is asked for them is nobody. */
import { parseApiCidr } from '@weir/kube';
import { type AddressRange, cidrRange, parseAddress, subtractAddressRanges, unionOfAddressRanges } from '@weir/net';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { type WrittenField, writtenFields } from '../../context/written-fields.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule. */
export const emptyBlock: LintRule = {
  id: 'empty-block',
  title: 'a block of addresses whose exceptions leave nothing of it',
  severity: 'warning',
  *check({ policies }) {
    for (const of of policies) {
      if (of.isRefused) continue;
      for (const field of writtenFields(of)) {
        if (Array.isArray(field.value)) continue;
        const draft = emptyPeer(of, field) ?? emptyEntity(of, field);
        if (draft !== undefined) yield draft;
      }
    }
  },
};

/** `ipBlock` of a NetworkPolicy, or a member of Cilium's `fromCIDRSet` and `toCIDRSet`. */
function emptyPeer(about: LintPolicy, { path, name, value }: WrittenField): DraftFinding | undefined {
  const { cidr, except } = value as { readonly cidr?: unknown; readonly except?: unknown };
  if (typeof cidr !== 'string' || !isEmptied([cidr], except)) return undefined;
  const isNetworkPolicy = name === 'ipBlock';
  // The peer is the object around an ipBlock, and the member itself with Cilium.
  const peer = isNetworkPolicy ? path.slice(0, -'.ipBlock'.length) : path;
  const last = isNetworkPolicy ? 'a rule without peers means everybody' : 'a rule without any list of peers means everybody';
  return {
    about,
    field: path,
    message: `the exceptions cover all of ${cidr}, so this peer is nobody`,
    action: `narrow the exceptions, or remove the peer (and the rule, if it was the last one: ${last})`,
    fix: { description: `Remove ${peer}`, isSafe: true, changes: [{ kind: 'remove', field: peer }] },
  };
}

/** One end of a rule of Calico. */
function emptyEntity(about: LintPolicy, { path, name, value }: WrittenField): DraftFinding | undefined {
  const { nets, notNets } = value as { readonly nets?: unknown; readonly notNets?: unknown };
  if ((name !== 'source' && name !== 'destination') || !isEmptied(nets, notNets)) return undefined;
  const rule = path.slice(0, path.lastIndexOf('.'));
  return {
    about,
    field: path,
    message: 'notNets covers all of nets, so this is nobody, and the rule is never the one that decides',
    action: 'narrow notNets, or remove the rule',
    fix: { description: `Remove ${rule}`, isSafe: true, changes: [{ kind: 'remove', field: rule }] },
  };
}

/** Whether exceptions leave nothing of blocks; of what cannot be read nothing is said. */
function isEmptied(blocks: unknown, exceptions: unknown): boolean {
  const [ranges, holes] = [rangesOf(blocks), rangesOf(exceptions)];
  return ranges.length > 0 && holes.length > 0 && subtractAddressRanges(ranges, holes).length === 0;
}

function rangesOf(value: unknown): readonly AddressRange[] {
  if (!Array.isArray(value)) return [];
  const ranges = value.flatMap((text: unknown): AddressRange[] => {
    if (typeof text !== 'string') return [];
    const block = parseApiCidr(text);
    const address = parseAddress(text);
    if (block !== undefined) return [cidrRange(block)];
    return address === undefined ? [] : [{ first: address, last: address }];
  });
  return unionOfAddressRanges(ranges);
}

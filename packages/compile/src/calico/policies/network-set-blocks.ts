/**
 * Calico's network sets: blocks of addresses with labels, which selectors of rules find beside endpoints.
 *
 * What a selector finds there becomes blocks of the rule: a rule with a selector is one about endpoints and one about
 * blocks. A set that cannot be read is nothing to a rule that allows, and everything to one that denies.
 */
import { type KubeObject, namespaceNameLabel } from '@weir/kube';
import { type AddressRange, cidrRange, defined, parseCidr, subtractAddressRanges, unionOfAddressRanges } from '@weir/net';
import { type Action, type Direction, type LabelsBySpace, type Match, type Selector, type Side, selectorMatchesLabels } from '@weir/policy';
import { namespaceKind } from '../../core-kinds.ts';
import type { PolicyKind, ReferredObjects } from '../../policy-api.ts';
import type { CalicoNetworkSet } from '../objects/calico-policy.ts';
import { readStoredForm } from '../objects/stored-form.ts';
import { validateCalicoObject } from '../validation/validate-calico-object.ts';
import { readSetNet } from '../validation/validate-entity.ts';

/** One set, as selectors see it; undefined blocks cannot be read. */
export interface LabelledBlocks {
  readonly labels: LabelsBySpace;
  readonly nets: readonly AddressRange[] | undefined;
}

const everything: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].map((text) =>
  cidrRange(defined(parseCidr(text), 'both are blocks of addresses')),
);

/** All sets of these kinds. */
export function networkSetBlocks(referred: ReferredObjects, kinds: readonly PolicyKind[]): readonly LabelledBlocks[] {
  return kinds.flatMap((kind) => referred.list(kind).map((object) => readSet(object, kind, referred)));
}

function readSet(stored: KubeObject, { kind, namespaced }: PolicyKind, referred: ReferredObjects): LabelledBlocks {
  const read = readStoredForm(stored);
  const object = 'problem' in read ? stored : read.object;
  const { namespace = 'default' } = object.metadata;
  const isValid = !('problem' in read) && validateCalicoObject({ ...object, kind }).length === 0;
  const nets = (object as CalicoNetworkSet).spec?.nets ?? [];
  return {
    labels: {
      pod: textsIn(object.metadata.labels),
      namespace: namespaced ? { ...referred.get(namespaceKind, namespace)?.metadata.labels, [namespaceNameLabel]: namespace } : {},
      serviceAccount: {},
      reserved: namespaced ? { namespace } : {},
    },
    nets: isValid
      ? unionOfAddressRanges(nets.map((text) => cidrRange(defined(readSetNet(text), 'validation let a block through'))))
      : undefined,
  };
}

/** The labels that are texts, as all are that an API server stores. */
function textsIn(labels: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A match of a rule in one direction as those about endpoints and about the blocks of sets. */
export function withNetworkSets(
  match: Match,
  { action, direction }: { readonly action: Action; readonly direction: Direction },
  sets: () => readonly LabelledBlocks[],
): readonly Match[] {
  const remote = direction === 'ingress' ? match.source : match.destination;
  const { selector, notSelector } = remote;
  if (selector === undefined && notSelector === undefined) return [match];
  const found = sets();
  const excluded = notSelector === undefined ? [] : blocksOf(found, notSelector, action !== 'deny');
  const common: Side =
    excluded.length === 0 ? remote : { ...remote, notNets: unionOfAddressRanges([...(remote.notNets ?? []), ...excluded]) };
  const put = (side: Side): Match => ({ ...match, [direction === 'ingress' ? 'source' : 'destination']: side });
  const blocks = selector === undefined ? [] : blocksOf(found, selector, action === 'deny');
  const { nets } = remote;
  // Both must hold: what is in the blocks of the rule, too.
  const both = nets === undefined ? blocks : subtractAddressRanges(blocks, subtractAddressRanges(blocks, nets));
  const ofBlocks = both.length === 0 ? undefined : sideOfBlocks(common, both);
  return ofBlocks === undefined ? [put(common)] : [put(common), put(ofBlocks)];
}

/** What a side asks of addresses in the blocks; they have no names for ports, so that a rule about names alone asks nothing. */
function sideOfBlocks(
  { selector: _selector, namedPorts, notNamedPorts: _notNamedPorts, ...others }: Side,
  nets: readonly AddressRange[],
): Side | undefined {
  return namedPorts !== undefined && others.ports === undefined ? undefined : { ...others, nets };
}

function blocksOf(sets: readonly LabelledBlocks[], selector: Selector, isDenied: boolean): AddressRange[] {
  const matching = sets.filter(({ labels }) => selectorMatchesLabels(selector, labels));
  return unionOfAddressRanges(matching.flatMap(({ nets }) => nets ?? (isDenied ? everything : [])));
}

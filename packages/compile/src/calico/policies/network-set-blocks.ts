/**
 * Calico's network sets: blocks of addresses with labels, which selectors of rules find beside endpoints.
 *
 * What a selector finds there becomes blocks of the rule: a rule with a selector is one about endpoints and one about
 * blocks. A set that cannot be read is nothing to a rule that allows, and everything to one that denies.
 */
import { type KubeObject, namespaceNameLabel } from '@weir/kube';
import { type AddressRange, cidrRange, defined, parseCidr, subtractAddressRanges, unionOfAddressRanges } from '@weir/net';
import { type Action, type LabelsBySpace, type Match, type Selector, type Side, selectorMatchesLabels } from '@weir/policy';
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

/**
 * A match as those about endpoints and about the blocks of sets, for either end: also the endpoint that a policy selects
 * is what a rule asks for when its address is in a set that the rule's selector finds.
 */
export function withNetworkSets(match: Match, action: Action, sets: () => readonly LabelledBlocks[]): readonly Match[] {
  const { source, destination } = match;
  if (!asksForLabels(source) && !asksForLabels(destination)) return [match];
  const found = sets();
  const sources = sidesWithSets(source, action, found);
  const destinations = sidesWithSets(destination, action, found);
  return sources.flatMap((one) => destinations.map((other) => ({ ...match, source: one, destination: other })));
}

function asksForLabels({ selector, notSelector }: Side): boolean {
  return (selector ?? notSelector) !== undefined;
}

/** What an end is asked for: to be an endpoint, or an address in the blocks of sets. */
function sidesWithSets(side: Side, action: Action, sets: readonly LabelledBlocks[]): readonly Side[] {
  const { selector, notSelector, nets } = side;
  const excluded = notSelector === undefined ? [] : blocksOf(sets, notSelector, action !== 'deny');
  const common: Side = excluded.length === 0 ? side : { ...side, notNets: unionOfAddressRanges([...(side.notNets ?? []), ...excluded]) };
  const blocks = selector === undefined ? [] : blocksOf(sets, selector, action === 'deny');
  // Both must hold: what is in the blocks of the rule, too.
  const both = nets === undefined ? blocks : subtractAddressRanges(blocks, subtractAddressRanges(blocks, nets));
  const ofBlocks = both.length === 0 ? undefined : sideOfBlocks(common, both);
  return ofBlocks === undefined ? [common] : [common, ofBlocks];
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

/**
 * Calico's network sets, and the addresses of its host endpoints: blocks of addresses with labels, which selectors of rules
 * find beside pods.
 *
 * What a selector finds there becomes blocks of the rule: a rule with a selector is one about pods and one about
 * blocks. What cannot be read is nothing to a rule that allows, and everything to one that denies. Host endpoints have names
 * for ports, so that a rule about names of a destination is one more for each of them that has names.
 */
import { type KubeObject, namespaceNameLabel } from '@weir/kube';
import { type Action, type LabelsBySpace, type Match, type NamedPort, type Selector, type Side, selectorMatchesLabels } from '@weir/model';
import {
  type AddressRange,
  cidrRange,
  defined,
  hasPorts,
  type PortRange,
  parseCidr,
  subtractAddressRanges,
  unionOfAddressRanges,
  unionOfPortRanges,
} from '@weir/net';
import { namespaceKind } from '../../core-kinds.ts';
import type { PolicyKind, ReferredObjects } from '../../policy-api.ts';
import { hostAddresses, hostPorts } from '../hosts/compile-host-endpoint.ts';
import type { CalicoHostEndpoint, CalicoNetworkSet } from '../objects/calico-policy.ts';
import { readStoredForm } from '../objects/stored-form.ts';
import { validateCalicoObject } from '../validation/validate-calico-object.ts';
import { readSetNet } from '../validation/validate-entity.ts';

/** One set or host endpoint, as selectors see it; undefined blocks cannot be read. */
export interface LabelledBlocks {
  readonly labels: LabelsBySpace;
  readonly nets: readonly AddressRange[] | undefined;
  /** None for sets. */
  readonly namedPorts?: readonly NamedPort[];
}

const everything: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].map((text) =>
  cidrRange(defined(parseCidr(text), 'both are blocks of addresses')),
);

/** All objects of these kinds. */
export function networkSetBlocks(referred: ReferredObjects, kinds: readonly PolicyKind[]): readonly LabelledBlocks[] {
  return kinds.flatMap((kind) => referred.list(kind).map((object) => readBlocks(object, kind, referred)));
}

function readBlocks(stored: KubeObject, { kind, namespaced }: PolicyKind, referred: ReferredObjects): LabelledBlocks {
  const read = readStoredForm(stored);
  const object = 'problem' in read ? stored : read.object;
  const { namespace = 'default' } = object.metadata;
  const isValid = !('problem' in read) && validateCalicoObject({ ...object, kind }).length === 0;
  return {
    labels: {
      pod: textsIn(object.metadata.labels),
      namespace: namespaced ? { ...referred.get(namespaceKind, namespace)?.metadata.labels, [namespaceNameLabel]: namespace } : {},
      serviceAccount: {},
      reserved: namespaced ? { namespace } : {},
    },
    ...(isValid ? contentOf(object, kind) : { nets: undefined }),
  };
}

/** What a valid object has for rules. */
function contentOf(object: KubeObject, kind: string): Pick<LabelledBlocks, 'nets' | 'namedPorts'> {
  if (kind === 'HostEndpoint') {
    const { spec } = object as CalicoHostEndpoint;
    const nets = hostAddresses(spec).map((address) => ({ first: address, last: address }));
    return { nets: unionOfAddressRanges(nets), namedPorts: hostPorts(spec) };
  }
  const nets = (object as CalicoNetworkSet).spec?.nets ?? [];
  return { nets: unionOfAddressRanges(nets.map((text) => cidrRange(defined(readSetNet(text), 'validation let a block through')))) };
}

/** The labels that are texts, as all are that an API server stores. */
function textsIn(labels: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/**
 * A match as those about pods and about what else selectors find, for either end: also the endpoint that a policy selects
 * is what a rule asks for when its address is in a set that the rule's selector finds.
 */
export function withNetworkSets(match: Match, action: Action, sets: () => readonly LabelledBlocks[]): readonly Match[] {
  const { source, destination } = match;
  if (!asksForLabels(source) && !asksForLabels(destination) && !asksForNames(destination)) return [match];
  const found = sets();
  const sources = sidesWithSets(source, action, found);
  const hosts = asksForNames(destination) ? found.filter((one) => hasNames(one) && isFound(one, destination.selector)) : [];
  const others = found.filter((one) => !hosts.includes(one));
  const wanted = withoutExcluded(destination, action, found);
  const destinations = [
    ...sidesWithSets(withoutNames(wanted, hosts), action, others).map((side) => ({ ...match, destination: side })),
    ...hosts.flatMap((host) => matchesOfHost({ ...match, destination: wanted }, host)),
  ];
  return sources.flatMap((one) => destinations.map((other) => ({ ...other, source: one })));
}

function asksForLabels({ selector, notSelector }: Side): boolean {
  return (selector ?? notSelector) !== undefined;
}

function asksForNames({ namedPorts, notNamedPorts }: Side): boolean {
  return (namedPorts ?? notNamedPorts) !== undefined;
}

function hasNames({ namedPorts = [] }: LabelledBlocks): boolean {
  return namedPorts.length > 0;
}

function isFound({ labels }: LabelledBlocks, selector: Selector | undefined): boolean {
  return selector === undefined || selectorMatchesLabels(selector, labels);
}

/** Without a selector, hosts are meant by their addresses, too, and so on ports whose names are excluded. */
function withoutNames(side: Side, hosts: readonly LabelledBlocks[]): Side {
  if (side.selector !== undefined || side.notNamedPorts === undefined) return side;
  return withoutNets(
    side,
    hosts.flatMap(({ nets = [] }) => nets),
  );
}

/** Without the blocks of what is not to be selected. */
function withoutExcluded(side: Side, action: Action, sets: readonly LabelledBlocks[]): Side {
  return side.notSelector === undefined ? side : withoutNets(side, blocksOf(sets, side.notSelector, action !== 'deny'));
}

function withoutNets(side: Side, excluded: readonly AddressRange[]): Side {
  return excluded.length === 0 ? side : { ...side, notNets: unionOfAddressRanges([...(side.notNets ?? []), ...excluded]) };
}

/** What an end is asked for: to be an endpoint, or an address in the blocks of sets. */
function sidesWithSets(side: Side, action: Action, sets: readonly LabelledBlocks[]): readonly Side[] {
  const common = withoutExcluded(side, action, sets);
  const blocks = side.selector === undefined ? [] : blocksOf(sets, side.selector, action === 'deny');
  const both = within(blocks, side);
  const ofBlocks = both.length === 0 ? undefined : sideOfBlocks(common, both);
  return ofBlocks === undefined ? [common] : [common, ofBlocks];
}

/** Both must hold: what is in the blocks of the rule, too. */
function within(blocks: readonly AddressRange[], { nets }: Side): readonly AddressRange[] {
  return nets === undefined ? blocks : subtractAddressRanges(blocks, subtractAddressRanges(blocks, nets));
}

/** What a match about names of ports of destinations means at a host that has names. */
function matchesOfHost(match: Match, { nets = [], namedPorts: own = [] }: LabelledBlocks): Match[] {
  const { selector: _, namedPorts, notNamedPorts = [], ...side } = match.destination;
  const addresses = within(nets, side);
  const protocols = match.protocol === undefined ? [...new Set(own.map(({ protocol }) => protocol))] : [match.protocol];
  return protocols.flatMap((protocol): Match[] => {
    const numbersOf = (names: readonly string[]): PortRange[] =>
      own.filter((port) => port.protocol === protocol && names.includes(port.name)).map(({ port }) => ({ first: port, last: port }));
    const wanted = namedPorts === undefined ? side.ports : unionOfPortRanges([...(side.ports ?? []), ...numbersOf(namedPorts)]);
    const excluded = unionOfPortRanges([...(side.notPorts ?? []), ...numbersOf(notNamedPorts)]);
    if (addresses.length === 0 || wanted?.length === 0 || !hasPorts(protocol)) return [];
    const destination: Side = {
      ...side,
      nets: addresses,
      ...(wanted === undefined ? {} : { ports: wanted }),
      ...(excluded.length === 0 ? {} : { notPorts: excluded }),
    };
    return [{ ...match, protocol, destination }];
  });
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

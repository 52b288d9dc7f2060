/**
 * The ends of traffic in two snapshots, in classes: each end has its old and its new side, and those of a class are
 * treated alike on both.
 *
 * ```
 *   before ─┐ pods by workload and name     what rules of either side ask about,      classes of
 *           ├▶ nodes by name and address ─▶ answered on each side with its own facts ─▶ joint ends
 *   after  ─┘ parts of the outside
 * ```
 */
import { conditionsOf, type EndConditions, groupBits } from '@weir/connectivity';
import {
  addressInRanges,
  type Endpoint,
  type FlowEnd,
  type PolicyWorld,
  requiredLabels,
  selectorTruth,
  systemOfEndpoint,
} from '@weir/model';
import { type Address, type AddressRange, addToGroup, type Family, formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { type BothSides, type Side, sides } from './both-sides.ts';
import { outsideParts } from './outside-parts.ts';
import type { PairedPod } from './paired-pods.ts';

/** An end with its sides. */
export interface JointEnd extends BothSides<FlowEnd> {
  /** Of pods their party (`shop/frontend`), of nodes their name, of addresses outside one of them. */
  readonly name: string;
  /** Of pods: whether there are others of the same party everywhere where it is. */
  readonly isSeveral: boolean;
}

/** Ends that rules of both sides treat alike. */
export interface JointClass {
  readonly kind: 'pods' | 'nodes' | 'outside';
  /** On which sides they are: on all of them the same. */
  readonly isOn: Readonly<Record<Side, boolean>>;
  /** Whether they are something else to rules than they were, so that flows may change though no policy does. */
  readonly isOther: boolean;
  readonly ends: readonly JointEnd[];
  /** Of addresses outside: which they are. */
  readonly ranges: readonly AddressRange[];
}

/** What is classified: two snapshots, and which addresses of their pods. */
export interface ComparedSides {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly family: Family;
}

/** What is classified of them, and by what. */
export interface ClassifiedEnds {
  readonly pods: readonly PairedPod[];
  /** The worlds whose rules and policies tell ends apart: those of the sides, or parts of them. */
  readonly worlds: Required<BothSides<PolicyWorld>>;
  /** What else tells pods apart; the same for pods of one class. */
  readonly moreOf?: (pod: PairedPod) => string;
  /** Whether the pod is known to be the same to all rules on both sides; default: it is found out. */
  readonly isSame?: (pod: PairedPod) => boolean;
}

/** Classifies; pods first, in the order in which they were read. */
export function jointClasses(compared: ComparedSides, classified: ClassifiedEnds): JointClass[] {
  const questions = new SideQuestions(compared, classified.worlds);
  const found = new Map<string, JointClass & { readonly ends: JointEnd[] }>();
  const add = (kind: JointClass['kind'], end: JointEnd, { ranges = [], text = '', isSame = false }: EndTraits = {}): void => {
    const was = end.before === undefined ? undefined : questions.answers(end.before, 'before');
    const is = isSame ? was : end.after === undefined ? undefined : questions.answers(end.after, 'after');
    const key = `${kind} ${was ?? 'absent'} ${is ?? 'absent'} ${text}`;
    const same = found.get(key);
    if (same !== undefined) same.ends.push(end);
    else {
      const isOn = { before: was !== undefined, after: is !== undefined };
      found.set(key, { kind, isOn, isOther: was !== is, ends: [end], ranges });
    }
  };
  for (const pod of classified.pods) {
    const end = podEnd(pod, compared.family);
    if (end !== undefined) add('pods', end, { text: classified.moreOf?.(pod) ?? '', isSame: classified.isSame?.(pod) === true });
  }
  for (const end of nodeEnds(compared, questions.podAddresses)) add('nodes', end);
  for (const { address, ranges } of questions.outside()) {
    const end: FlowEnd = { kind: 'address', address };
    add('outside', { name: formatAddress(address), isSeveral: true, before: end, after: end }, { ranges });
  }
  return [...found.values()];
}

interface EndTraits {
  readonly ranges?: readonly AddressRange[];
  readonly text?: string;
  readonly isSame?: boolean;
}

/** A pod as an end of the family; undefined where it has addresses of the other family alone. */
export function podEnd({ party, isSeveral, before, after }: PairedPod, family: Family): JointEnd | undefined {
  const endOf = (endpoint: Endpoint | undefined): FlowEnd | undefined => {
    if (endpoint === undefined) return undefined;
    const address = endpoint.addresses.find((candidate) => candidate.family === family);
    // A pod without any address will get one; one with addresses of the other family alone takes no part.
    if (address === undefined) return endpoint.addresses.length === 0 ? { kind: 'endpoint', endpoint } : undefined;
    return { kind: 'endpoint', endpoint, address };
  };
  const [was, is] = [endOf(before), endOf(after)];
  return was === undefined && is === undefined ? undefined : { name: party, isSeveral, ...withSides(was, is) };
}

/** The addresses of nodes that no pod has. */
export function nodeEnds({ before, after, family }: ComparedSides, podAddresses: ReadonlySet<string>): JointEnd[] {
  const nodes = new Map<string, { name: string; before?: FlowEnd; after?: FlowEnd }>();
  for (const [side, snapshot] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const node of snapshot.nodes) {
      for (const address of node.addresses) {
        if (address.family !== family || podAddresses.has(formatAddress(address))) continue;
        const key = `${node.name} ${formatAddress(address)}`;
        const known = nodes.get(key) ?? { name: node.name };
        known[side] = { kind: 'node', node, address };
        nodes.set(key, known);
      }
    }
  }
  return [...nodes.values()].map((end) => ({ ...end, isSeveral: false }));
}

function withSides<T>(before: T | undefined, after: T | undefined): BothSides<T> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** What rules of either side ask about ends, answered with what one side knows. */
class SideQuestions {
  readonly podAddresses: ReadonlySet<string>;
  readonly #compared: ComparedSides;
  readonly #conditions: EndConditions;
  readonly #groups: Readonly<Record<Side, EndConditions['members']>>;
  readonly #groupsOf: Readonly<Record<Side, (address: Address) => string>>;
  readonly #selectors: SelectorIndex;
  readonly #selected: Readonly<Record<Side, Map<string, string>>> = { before: new Map(), after: new Map() };

  constructor(compared: ComparedSides, { before, after }: ClassifiedEnds['worlds']) {
    this.#compared = compared;
    this.#conditions = conditionsOf([before, after]);
    const hasGroups = this.#conditions.members.length > 0;
    this.#groups = hasGroups ? { before: conditionsOf([before]).members, after: conditionsOf([after]).members } : { before: [], after: [] };
    this.#groupsOf = { before: groupBits(this.#groups.before), after: groupBits(this.#groups.after) };
    this.#selectors = indexSelectors(this.#conditions.selectors);
    this.podAddresses = podAddressesOf(compared);
  }

  /** A text that is the same for ends that rules treat alike. */
  answers(end: FlowEnd, side: Side): string {
    const { address } = end;
    const groups = address === undefined ? '' : this.#groupsOf[side](address);
    const { world } = this.#compared[side];
    const nets = this.#conditions.nets.map(({ ranges }) => addressInRanges(world, ranges, end, this.#compared.family).charAt(0));
    const asksForNodes = this.#conditions.asksForNodes || world.asksHosts;
    const shared = `${nets.join('')} ${groups}`;
    if (end.kind === 'address') return shared;
    if (end.kind === 'node') return `${shared} ${asksForNodes ? end.node.name : ''}`;
    const { endpoint } = end;
    const node = asksForNodes ? (endpoint.node ?? '') : '';
    return JSON.stringify([shared, this.#selectorsOf(endpoint, side), systemOfEndpoint(endpoint), endpoint.namedPorts, node]);
  }

  /** The parts of the outside. */
  outside(): ReturnType<typeof outsideParts> {
    const { family } = this.#compared;
    const nodes = sides.flatMap((side) => this.#compared[side].nodes.flatMap(({ addresses }) => addresses.map(formatAddress)));
    return outsideParts({
      family,
      nets: this.#conditions.nets.map(({ ranges }) => ranges),
      singles: sides.flatMap((side) => this.#groups[side].map(({ address }) => address)),
      taken: new Set([...this.podAddresses, ...nodes]),
      moreOf: (address) => sides.map((side) => this.#groupsOf[side](address)).join(' '),
    });
  }

  /** The selectors that match, or may; pods of equal labels are asked once. */
  #selectorsOf(endpoint: Endpoint, side: Side): string {
    const selectors = this.#selectors(endpoint);
    if (selectors.length <= fewSelectors) return this.#matching(selectors, endpoint, side);
    const { pod, serviceAccount, namespace, reserved } = endpoint.labels;
    const { name: _name, ...others } = reserved;
    const sorted = [pod, serviceAccount, namespace, others].map((own) => Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)));
    const labels = JSON.stringify([endpoint.namespace, sorted]);
    let text = this.#selected[side].get(labels);
    if (text === undefined) this.#selected[side].set(labels, (text = this.#matching(selectors, endpoint, side)));
    return text;
  }

  #matching(selectors: readonly NumberedSelector[], endpoint: Endpoint, side: Side): string {
    const { world } = this.#compared[side];
    let text = '';
    for (const { at, selector } of selectors) {
      const truth = selectorTruth(world, selector, endpoint);
      if (truth !== 'no') text += truth === 'yes' ? `${at},` : `${at}?,`;
    }
    return text;
  }
}

/** The addresses of the pods of either side, as texts. */
export function podAddressesOf({ before, after }: ComparedSides): ReadonlySet<string> {
  const [was, is] = [addressTexts(before.world.endpoints), addressTexts(after.world.endpoints)];
  return was === is ? was : new Set([...was, ...is]);
}

/** Of pods that many comparisons share. */
const addressesOf: WeakMap<readonly Endpoint[], ReadonlySet<string>> = new WeakMap();

function addressTexts(pods: readonly Endpoint[]): ReadonlySet<string> {
  let found = addressesOf.get(pods);
  if (found === undefined) addressesOf.set(pods, (found = new Set(pods.flatMap(({ addresses }) => addresses.map(formatAddress)))));
  return found;
}

/** So few selectors are asked sooner than labels are compared. */
const fewSelectors = 32;

type NumberedSelector = { readonly at: number; readonly selector: EndConditions['selectors'][number]['selector'] };

/** The selectors that may match a pod by its namespace. */
type SelectorIndex = (endpoint: Endpoint) => readonly NumberedSelector[];

function indexSelectors(selectors: EndConditions['selectors']): SelectorIndex {
  const everywhere: NumberedSelector[] = [];
  const byNamespace = new Map<string, NumberedSelector[]>();
  for (const [at, { selector }] of selectors.entries()) {
    const names = requiredLabels(selector).find(({ label }) => label.space === 'reserved' && label.key === 'namespace')?.values;
    if (names === undefined) everywhere.push({ at, selector });
    for (const name of new Set(names)) {
      addToGroup(byNamespace, name, { at, selector });
    }
  }
  return ({ namespace }) => [...everywhere, ...(byNamespace.get(namespace) ?? [])];
}

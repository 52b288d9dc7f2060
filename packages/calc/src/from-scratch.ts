/**
 * The same state computed without increments: the twin against which the engine is checked.
 *
 * It is slow and plain on purpose (every selector is asked about every endpoint) and shares with
 * the engine only what gives things their shape: the compilers, the translation of rules and the
 * canonical texts. Who owns an address, who is selected and who is in a set is decided here anew.
 */
import { layeredHostSettings, podToPlannedEndpoint } from '@weir/compile';
import type { KubeObject, Pod, StringMap } from '@weir/kube';
import type { Direction, Endpoint, Policy, Selector } from '@weir/model';
import {
  comparePolicies,
  compareTiers,
  enforcementTarget,
  labelOf,
  numbersOfNames,
  selectorMatches,
  selectorMatchesLabels,
  unorderedAmong,
  withNumberedNames,
} from '@weir/model';
import { type Address, compareAddresses, formatAddress, shortHash, unreachable } from '@weir/net';
import { classKey } from './delta/content-text.ts';
import type { Delta, LocalEndpoint, Membership, Program } from './delta/delta.ts';
import { namedPortsIn, peerSetOf, type SetSpec } from './delta/set-spec.ts';
import { emptyState, type State, wholeDelta } from './delta/state.ts';
import type { Attachment } from './entries.ts';
import { groupMemberships, withGroups } from './from-scratch-groups.ts';
import { addHosts, isAboutHost, placedHosts } from './from-scratch-hosts.ts';
import type { Inputs } from './from-scratch-inputs.ts';
import { type ActivePolicy, objectsInForce, type PolicyInForce } from './from-scratch-objects.ts';
import { tiersOf, withKey } from './from-scratch-programs.ts';
import { haveAsked } from './policies/own-addresses.ts';
import { planPolicy } from './policies/plan-policy.ts';
import { blockLimits, numbersPortNames, plannerFor } from './policies/policy-reading.ts';
import { nodeRangesOf } from './population/node-addresses.ts';
import type { RuleHash } from './programs/rule-ids.ts';

const kubernetesOnLinux = enforcementTarget('kubernetes');

/** A pod or an attachment without a pod, with the addresses that it claims. */
interface Party {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly endpoint: Endpoint | undefined;
  readonly isNamespaceKnown: boolean;
  /** Whether a policy may select it, depending on what is not known of its namespace; asked of local ones. */
  readonly isUndecided?: boolean;
  readonly attachment: Attachment | undefined;
  readonly created: string;
  readonly isDeleted: boolean;
  readonly addresses: readonly Address[];
  readonly isLocal: boolean;
}

/** The whole state of one node as a delta from nothing, sorted by key. */
export function fromScratch(inputs: Inputs): Delta {
  const parties = partiesOf(inputs);
  const inForce = objectsInForce(inputs);
  const { policies } = inForce;
  const hosts = placedHosts(inForce.hosts, inputs);
  const locals = parties.filter(({ isLocal }) => isLocal).map((party) => ({ ...party, isUndecided: dependsOnNamespace(party, policies) }));
  const owners = ownersOf(parties);
  const active = policies.filter(
    (one) => locals.some((party) => isSubject(one, party, owners)) || hosts.some(({ host }) => isAboutHost(one, host)),
  );
  const target = inputs.target ?? kubernetesOnLinux;
  const limits = blockLimits(target, nodeRangesOf(inputs.nodes ?? [], inputs.node));
  const numberOf = numbersOfNames(parties.map(({ endpoint }) => endpoint?.namedPorts ?? []));
  const read = (policy: Policy): Policy => (numbersPortNames(target) ? withNumberedNames(policy, numberOf) : policy);
  const planned = active
    .map((one) => ({
      ...one,
      plan: planPolicy(read(one.policy), { limits, name: one.identity, planOne: plannerFor(one.hosts) }),
    }))
    .sort(byModelOrder);
  const ids = idsOf(planned, inputs.ruleHash ?? shortHash);
  const state = emptyState();
  const specs = new Map<string, SetSpec>();
  for (const party of locals) {
    const endpoint = localEndpoint(party, owners);
    const selecting = planned.filter((one) => isSubject(one, party, owners));
    const programs = (['ingress', 'egress'] as const).map((direction) => programOf(party, direction, { selecting, ids, specs }));
    for (const program of programs) if (program !== undefined) state.programs.set(program.key, program);
    const [ingress, egress] = programs.map((program) => program?.key);
    state.endpoints.set(party.uid, {
      ...endpoint,
      ...(ingress === undefined ? {} : { ingress }),
      ...(egress === undefined ? {} : { egress }),
    });
  }
  addHosts(state, { hosts, planned, ids, specs });
  if (target.profile.hosts !== undefined && (state.hosts.size > 0 || inForce.hostSettings.length > 0))
    state.hostSettings = layeredHostSettings(target.profile.hosts, inForce.hostSettings, inputs.node);
  for (const spec of specs.values()) state.peerSets.set(spec.key, peerSetOf(spec));
  for (const [text, { address, owner, places }] of withGroups(owners, inputs.groups ?? new Map())) {
    const memberships = [...(owner === undefined ? [] : membershipsOf(owner, specs)), ...groupMemberships(places, specs)];
    addAddress(state, { text, address, memberships: memberships.sort((a, b) => (a.set < b.set ? -1 : 1)) });
  }
  return wholeDelta(state);
}

function partiesOf({ node, pods, namespaces, serviceAccounts = [], attachments, localPods = 'listed' }: Inputs): Party[] {
  const labels = new Map(namespaces.map(({ metadata }) => [metadata.name ?? '', metadata.labels ?? {}]));
  const parties: Party[] = [];
  for (const pod of pods) {
    const namespaceLabels = labels.get(pod.metadata.namespace ?? 'default');
    const endpoint = podToPlannedEndpoint(pod, namespaceLabels ?? {}, accountLabels(pod, serviceAccounts));
    if (endpoint === undefined) continue;
    const { uid, namespace, name } = endpoint;
    const attachment = attachments.find((other) => other.uid === uid && other.namespace === namespace && other.name === name);
    const addresses = attachment?.addresses ?? endpoint.addresses;
    const isLocal = attachment !== undefined || (localPods === 'listed' && endpoint.node === node && addresses.length > 0);
    const created = pod.metadata.creationTimestamp ?? '';
    const isDeleted = pod.metadata.deletionTimestamp !== undefined;
    parties.push({
      uid,
      namespace,
      name,
      endpoint,
      isNamespaceKnown: namespaceLabels !== undefined,
      attachment,
      created,
      isDeleted,
      addresses,
      isLocal,
    });
  }
  for (const attachment of attachments) {
    if (parties.some((party) => party.attachment === attachment)) continue;
    const { uid, namespace, name, addresses } = attachment;
    parties.push({
      uid,
      namespace,
      name,
      endpoint: undefined,
      isNamespaceKnown: false,
      attachment,
      created: '',
      isDeleted: false,
      addresses,
      isLocal: true,
    });
  }
  return parties;
}

function accountLabels({ metadata, spec }: Pod, accounts: readonly KubeObject[]): StringMap {
  const account = accounts.find(
    (one) => (one.metadata.namespace ?? 'default') === (metadata.namespace ?? 'default') && one.metadata.name === spec?.serviceAccountName,
  );
  return account?.metadata.labels ?? {};
}

/** Policies of one order and name stay in the order of their places and parts: sorting is stable. */
function byModelOrder(a: ActivePolicy, b: ActivePolicy): number {
  return compareTiers(a.tier, b.tier) || comparePolicies(a.policy, b.policy);
}

/** Ids by identity: the hash, and a number for all but the first of equal hashes. */
function idsOf(policies: readonly ActivePolicy[], hash: RuleHash): Map<string, string> {
  const identities = policies.flatMap(({ plan }) => [...(plan.ingress ?? []), ...(plan.egress ?? [])].map(({ identity }) => identity));
  const seen = new Map<string, number>();
  const ids = new Map<string, string>();
  for (const identity of identities.sort()) {
    const text = hash(identity);
    const rank = seen.get(text) ?? 0;
    seen.set(text, rank + 1);
    ids.set(identity, rank === 0 ? text : `${text}.${rank}`);
  }
  return ids;
}

/** Whether the policy certainly selects the party. */
function isSubject({ policy, addresses, hosts }: PolicyInForce, party: Party, owners: ReturnType<typeof ownersOf>): boolean {
  const { subject, staged } = policy;
  const { endpoint, isNamespaceKnown, isUndecided } = party;
  if (endpoint === undefined || staged || isUndecided || hosts !== undefined) return false;
  if (addresses !== undefined && !haveAsked(localEndpoint(party, owners).addresses, addresses)) return false;
  return isNamespaceKnown ? selectorMatches(subject, endpoint) : matchesWithoutNamespace(subject, endpoint) === true;
}

/** Whether a policy selects the party depending on what is not known of its namespace. */
function dependsOnNamespace({ endpoint, isNamespaceKnown }: Party, policies: readonly PolicyInForce[]): boolean {
  if (endpoint === undefined || isNamespaceKnown) return false;
  return policies.some(
    ({ policy: { subject, staged }, hosts }) => !staged && hosts === undefined && matchesWithoutNamespace(subject, endpoint) === undefined,
  );
}

/** Three answers while the namespace's labels are not known; undefined: that depends on them. */
function matchesWithoutNamespace(selector: Selector, endpoint: Endpoint): boolean | undefined {
  switch (selector.kind) {
    case 'and':
    case 'or': {
      const answers = selector.of.map((part) => matchesWithoutNamespace(part, endpoint));
      const decisive = selector.kind === 'or';
      if (answers.includes(decisive)) return decisive;
      return answers.includes(undefined) ? undefined : !decisive;
    }
    case 'not': {
      const answer = matchesWithoutNamespace(selector.of, endpoint);
      return answer === undefined ? undefined : !answer;
    }
    case 'in':
    case 'notIn':
      if (selector.label.space === 'namespace') return undefined;
      return selector.values.includes(labelOf(endpoint.labels, selector.label) ?? '\0') === (selector.kind === 'in');
    case 'text':
      if (selector.label.space === 'namespace') return undefined;
      return selectorMatchesLabels(selector, endpoint.labels);
    case 'exists':
    case 'absent':
      if (selector.label.space === 'namespace') return undefined;
      return (labelOf(endpoint.labels, selector.label) !== undefined) === (selector.kind === 'exists');
    case 'all':
    case 'none':
      return selector.kind === 'all';
    default:
      return unreachable(selector);
  }
}

function ownersOf(parties: readonly Party[]): Map<string, { address: Address; owner: Party }> {
  const owners = new Map<string, { address: Address; owner: Party }>();
  for (const party of parties) {
    for (const address of party.addresses) {
      const text = formatAddress(address);
      const rival = owners.get(text);
      if (rival === undefined || outranks(party, rival.owner)) owners.set(text, { address, owner: party });
    }
  }
  return owners;
}

function outranks(a: Party, b: Party): boolean {
  const rank = ({ attachment, endpoint, created, isDeleted, uid }: Party): string[] => [
    attachment === undefined ? '0' : '1',
    endpoint === undefined ? '0' : '1',
    isDeleted ? '0' : '1',
    created,
    uid,
  ];
  const [ra, rb] = [rank(a), rank(b)];
  const at = ra.findIndex((text, i) => text !== rb[i]);
  return at >= 0 && (ra[at] ?? '') > (rb[at] ?? '');
}

function localEndpoint({ uid, namespace, name, attachment, addresses }: Party, owners: ReturnType<typeof ownersOf>): LocalEndpoint {
  const owned = addresses.filter((address) => owners.get(formatAddress(address))?.owner.uid === uid).sort(compareAddresses);
  return {
    uid,
    namespace,
    name,
    addresses: owned.filter((address, i) => i === 0 || compareAddresses(address, owned[i - 1] ?? address) !== 0),
    ...(attachment?.interface === undefined ? {} : { interface: attachment.interface }),
  };
}

interface ProgramParts {
  readonly selecting: readonly ActivePolicy[];
  readonly ids: ReadonlyMap<string, string>;
  /** Gathers the sets that the rules refer to. */
  readonly specs: Map<string, SetSpec>;
}

function programOf({ endpoint, isUndecided }: Party, direction: Direction, parts: ProgramParts): Program | undefined {
  if (endpoint === undefined || isUndecided === true) return withKey({ direction, tiers: [], otherwise: 'deny' });
  const policies = parts.selecting.map(({ policy }) => policy);
  if (unorderedAmong(policies, direction).length > 0) return withKey({ direction, tiers: [], otherwise: 'deny' });
  const tiers = tiersOf(direction, { ...parts, namedPorts: endpoint.namedPorts });
  return tiers.length === 0 ? undefined : withKey({ direction, tiers, otherwise: 'allow' });
}

function membershipsOf({ endpoint, isNamespaceKnown }: Party, specs: ReadonlyMap<string, SetSpec>): Membership[] {
  if (endpoint === undefined) return [];
  const memberships: Membership[] = [];
  for (const spec of specs.values()) {
    if (!('selector' in spec)) continue;
    const isMember = isNamespaceKnown ? selectorMatches(spec.selector, endpoint) : spec.reading === 'may';
    if (!isMember) continue;
    if (spec.kind === 'address') {
      memberships.push({ set: spec.key });
      continue;
    }
    const numbers = namedPortsIn(spec, endpoint.namedPorts);
    if (numbers.length > 0) memberships.push({ set: spec.key, ports: numbers.map((port) => ({ protocol: spec.protocol, port })) });
  }
  return memberships;
}

function addAddress(
  state: State,
  { text, address, memberships }: { text: string; address: Address; memberships: readonly Membership[] },
): void {
  if (memberships.length === 0) return;
  const key = classKey(memberships);
  state.classes.set(key, { key, memberships });
  state.addresses.set(text, { address, class: key });
}

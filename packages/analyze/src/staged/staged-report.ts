/**
 * What staged policies would do: the flows whose verdict would change if each were enforced, and if all were.
 *
 * A staged policy takes the place of the enforced one of the same name, or takes it away (`stagedAction: Delete`). What
 * it does is found by judging every possible flow in the world as it is and in the world as it would be; flows that were
 * observed are judged one by one.
 */
import { compareWorlds, countPairs, type FlowChange, FlowTeller, type ToldFlows, type WorldComparison } from '@weir/connectivity';
import type { Diagnostic, KubeObject } from '@weir/kube';
import {
  type EngineProfile,
  evaluateFlow,
  type Outcome,
  type Policy,
  type PolicyRef,
  type PolicyWorld,
  type SourcePosition,
} from '@weir/model';
import { type Address, type Flow, formatAddress } from '@weir/net';
import { loadSnapshot, type PlacedObject, type Snapshot } from '@weir/snapshot';

/** What to look at. */
export interface StagedRequest {
  readonly objects: readonly (KubeObject | PlacedObject)[];
  readonly profile: EngineProfile;
  /** Addresses outside that are known to be somebody's. */
  readonly hosts?: readonly Address[];
  /** Flows that somebody saw. */
  readonly observed?: readonly Flow[];
}

/** One staged policy. */
export interface StagedEffect {
  readonly policy: PolicyRef;
  readonly source?: SourcePosition;
  readonly action: 'Set' | 'Delete';
  /** The enforced policy whose place it would take. */
  readonly replaces?: PolicyRef;
  readonly changes: readonly ToldFlows[];
}

/** An observed flow that would be judged otherwise. */
export interface ChangedObservation {
  readonly flow: Flow;
  readonly now: Outcome;
  readonly after: Outcome;
}

/** The whole answer. */
export interface StagedReport {
  readonly policies: readonly StagedEffect[];
  /** With all of them together: pairs of ends of which some traffic changes. */
  readonly pairs: Readonly<Record<FlowChange, number>>;
  readonly observed: { readonly flows: number; readonly changed: readonly ChangedObservation[] };
  readonly diagnostics: readonly Diagnostic[];
}

/** What one staged object asks for. */
interface StagedChange {
  readonly ref: PolicyRef;
  readonly action: 'Set' | 'Delete';
  readonly policies: readonly Policy[];
}

/** Computes the report. */
export function stagedReport(request: StagedRequest): StagedReport {
  const snapshot = loadSnapshot(request.objects, { profile: request.profile });
  const changes = stagedChanges(request.objects, snapshot);
  const hosts = request.hosts ?? [];
  const then = worldWith(snapshot.world, changes);
  const together = compareWorlds(snapshot, then, { hosts });
  const pairs = (change: FlowChange): number =>
    together.reduce(
      (sum, comparison) =>
        sum +
        countPairs(
          comparison,
          comparison.changes.filter((one) => one.change === change),
        ),
      0,
    );
  return {
    policies: changes.map((change) => effectOf(change, snapshot, hosts)),
    pairs: { lost: pairs('lost'), gained: pairs('gained') },
    observed: { flows: request.observed?.length ?? 0, changed: changedObservations(request.observed ?? [], snapshot.world, then) },
    diagnostics: snapshot.diagnostics,
  };
}

function effectOf(change: StagedChange, snapshot: Snapshot, hosts: readonly Address[]): StagedEffect {
  const replaced = snapshot.policies.find((policy) => isReplacedBy(policy, change));
  const source = change.policies[0]?.source;
  const comparisons = compareWorlds(snapshot, worldWith(snapshot.world, [change]), { hosts });
  return {
    policy: change.ref,
    ...(source === undefined ? {} : { source }),
    action: change.action,
    ...(replaced === undefined ? {} : { replaces: replaced.ref }),
    changes: comparisons.flatMap((comparison) => tellAll(comparison, snapshot)),
  };
}

/** What was lost and what was gained, each once however many rules are behind it. */
function tellAll(comparison: WorldComparison, snapshot: Snapshot): ToldFlows[] {
  const teller = new FlowTeller(comparison, snapshot.pods);
  return (['lost', 'gained'] as const).flatMap((change) => {
    const parts = comparison.changes.filter((one) => one.change === change).map((one) => teller.tell(one));
    const [first] = parts;
    if (first === undefined) return [];
    const flows = new Map(
      parts.flatMap((part) => part.flows).map((group) => [`${group.sources}\n${group.destinations}\n${group.traffic}`, group]),
    );
    const pairs = countPairs(
      comparison,
      comparison.changes.filter((one) => one.change === change),
    );
    return pairs === 0
      ? []
      : [{ ...first, pairs, flows: [...flows.values()], omitted: parts.reduce((sum, { omitted }) => sum + omitted, 0) }];
  });
}

/** The staged objects in order of appearance, with the policies that they are compiled to. */
function stagedChanges(objects: StagedRequest['objects'], { policies }: Snapshot): StagedChange[] {
  return objects.flatMap((entry): StagedChange[] => {
    const object = ('positionOf' in entry ? entry.object : entry) as KubeObject & { readonly spec?: { readonly stagedAction?: string } };
    const { kind = '', metadata } = object;
    if (!kind.startsWith('Staged')) return [];
    const action = object.spec?.stagedAction ?? 'Set';
    const own = policies.filter(
      ({ staged, ref }) => staged && ref.kind === kind && ref.name === metadata.name && isSameNamespace(ref, object),
    );
    if (action === 'Delete') return [{ ref: refOf(object), action, policies: [] }];
    return action === 'Set' && own[0] !== undefined ? [{ ref: own[0].ref, action, policies: own }] : [];
  });
}

function isSameNamespace({ namespace }: PolicyRef, { kind = '', metadata }: KubeObject): boolean {
  return kind.startsWith('StagedGlobal') || namespace === (metadata.namespace ?? 'default');
}

function refOf({ apiVersion = '', kind = '', metadata }: KubeObject): PolicyRef {
  return {
    apiVersion,
    kind,
    name: metadata.name ?? '',
    ...(kind.startsWith('StagedGlobal') ? {} : { namespace: metadata.namespace ?? 'default' }),
  };
}

/** The world with these enforced, and without those whose places they take. */
function worldWith(world: PolicyWorld, changes: readonly StagedChange[]): PolicyWorld {
  const enforced = new Set(changes.flatMap(({ policies }) => policies));
  return world.withTiers(
    world.tiers.map((tier) => ({
      ...tier,
      policies: tier.policies
        .filter((policy) => !changes.some((change) => isReplacedBy(policy, change)))
        .map((policy) => (enforced.has(policy) ? { ...policy, staged: false } : policy)),
    })),
  );
}

/** The kinds whose policies each staged kind is the next version of. */
const enforcedKinds: Readonly<Record<string, { readonly kind: string; readonly group: string }>> = {
  StagedNetworkPolicy: { kind: 'NetworkPolicy', group: 'projectcalico.org' },
  StagedGlobalNetworkPolicy: { kind: 'GlobalNetworkPolicy', group: 'projectcalico.org' },
  StagedKubernetesNetworkPolicy: { kind: 'NetworkPolicy', group: 'networking.k8s.io' },
};

function isReplacedBy({ ref, staged }: Policy, { ref: by }: StagedChange): boolean {
  const enforced = enforcedKinds[by.kind];
  if (staged || enforced === undefined) return false;
  return (
    ref.kind === enforced.kind && ref.apiVersion.startsWith(`${enforced.group}/`) && ref.name === by.name && ref.namespace === by.namespace
  );
}

function changedObservations(flows: readonly Flow[], now: PolicyWorld, then: PolicyWorld): ChangedObservation[] {
  return flows.flatMap((flow) => {
    const [was, becomes] = [evaluateFlow(now, flow).verdict, evaluateFlow(then, flow).verdict];
    return was === becomes ? [] : [{ flow, now: was, after: becomes }];
  });
}

/** One observed flow as people write it. */
export function describeObservation({ flow, now, after }: ChangedObservation): string {
  const port = flow.destinationPort === undefined ? '' : `:${flow.destinationPort}`;
  return `${formatAddress(flow.source)} → ${formatAddress(flow.destination)}${port}: ${now} now, ${after} then`;
}

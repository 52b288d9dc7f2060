/**
 * Suggestion: policies that allow what was seen and nothing else, with the proof that they do, and what they would deny
 * of what is possible now.
 */
import { compareWorlds, countPairs, FlowTeller, pairsAtMost, type ToldFlows } from '@weir/connectivity';
import type { CommentedObject, Diagnostic, KubeObject } from '@weir/kube';
import { type Direction, explainQuestion, judgeQuestion, type PolicyApi, type PolicyWorld } from '@weir/model';
import {
  assumeCluster,
  assumedPodRange,
  type LoadSnapshotOptions,
  loadSnapshot,
  type PlacedObject,
  plainObject,
  type Snapshot,
} from '@weir/snapshot';
import type { ObservedFlow } from '../observed-flow.ts';
import { describeDenial } from './describe-denial.ts';
import { namesOf, resolvedNames } from './destination-names.ts';
import { AddressBlocks, type MergePrefixes } from './merge-addresses.ts';
import { type ObservedConnection, type ObservedConnections, observedConnections, questionOfConnection } from './observed-connections.ts';
import { observedObjects } from './observed-objects.ts';
import { PartyFinder } from './parties.ts';
import { podGroups } from './pod-groups.ts';
import { type SuggestedPolicy, suggestedPolicies } from './suggested-policy.ts';
import { whyWithoutWords } from './words-for-traffic.ts';
import { suggestionLabel, writeSuggestion } from './write-suggestion.ts';

/** Namespaces of what keeps a cluster going: what its pods have open since before the log began is easily missed, and cut. */
const systemNamespaces: readonly string[] = ['kube-system', 'calico-system', 'tigera-operator'];

/** So many of the policies that take flows away are told of. */
const toldMax = 10;

/** What to make policies of. */
export interface SuggestionRequest {
  /** Pods, namespaces, nodes and the policies that there are. */
  readonly objects: readonly (KubeObject | PlacedObject)[];
  readonly flows: readonly ObservedFlow[];
  readonly reading: LoadSnapshotOptions;
  readonly api: PolicyApi;
  readonly directions: readonly Direction[];
  readonly mergePrefixes: MergePrefixes;
  /** The namespaces whose pods get policies; empty: all but those of the system. */
  readonly namespaces: readonly string[];
  readonly defaultDeny: boolean;
}

/** A connection, and why it is not as wished. */
export interface JudgedConnection {
  readonly connection: ObservedConnection;
  readonly reason: string;
}

/** What is possible now and would be denied. */
export interface LostFlows {
  /** Pairs of ends, each counted once. */
  readonly pairs: number;
  /** By the policies that take them away, those with the most pairs first. */
  readonly flows: readonly ToldFlows[];
  /** How many policies more there are. */
  readonly omitted: number;
}

/** The answer. */
export interface Suggestion {
  readonly policies: readonly SuggestedPolicy[];
  readonly objects: readonly CommentedObject[];
  /** Namespaces of the system that were seen, and get no policies because nobody asked for them. */
  readonly leftAlone: readonly string[];
  /** Policies that the API has no words for. */
  readonly notWritten: readonly { readonly of: string; readonly reasons: readonly string[] }[];
  readonly observed: ObservedConnections;
  /** Allowed connections that no rule could be made for. */
  readonly withoutWords: readonly JudgedConnection[];
  /** Allowed connections that would be denied with the suggestion in force, or may be. */
  readonly notAllowed: readonly JudgedConnection[];
  /** Allowed connections to names that got rules about their addresses, with the reason. */
  readonly byAddress: readonly JudgedConnection[];
  /** Connections that were denied: no rule was made for them. */
  readonly denied: readonly ObservedConnection[];
  readonly wouldDeny: LostFlows;
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes policies of flows. */
export function suggestPolicies(asked: SuggestionRequest): Suggestion {
  const request = { ...asked, reading: { ...asked.reading, names: resolvedNames(asked.flows) } };
  const plain = request.objects.map(plainObject);
  const seen = observedObjects(plain, request.flows);
  const snapshot = loadSnapshot([...request.objects, ...seen], request.reading);
  const groups = podGroups(snapshot);
  const observed = observedConnections(request.flows, new PartyFinder(snapshot, groups));
  const { directions, api, defaultDeny } = request;
  const blocks = new AddressBlocks(request.mergePrefixes, snapshot);
  const all = suggestedPolicies(observed.connections, { directions, blocks, api });
  const { namespaces } = request;
  const isSystem = ({ group }: SuggestedPolicy): boolean => namespaces.length === 0 && systemNamespaces.includes(group.namespace);
  const policies = all.filter((one) => !isSystem(one) && (namespaces.length === 0 || namespaces.includes(one.group.namespace)));
  const taken = new Set(plain.filter((object) => !isSuggested(object)).map(placeOf));
  const written = writeSuggestion(policies, { api, defaultDeny, isTaken: (namespace, name) => taken.has(`${namespace}/${name}`) });
  const objects = written.flatMap((one) => one.objects);
  const kept = request.objects.filter((entry) => !isSuggested(plainObject(entry)));
  const suggested = objects.map(({ object }) => object);
  const proposed = worldAfter(snapshot, [...kept, ...seen, ...suggested], request.reading);
  const allowed = observed.connections.filter(({ isAllowed }) => isAllowed);
  return {
    policies,
    objects,
    leftAlone: [...new Set(all.filter(isSystem).map(({ group }) => group.namespace))].sort(),
    notWritten: written.filter(({ reasons }) => reasons.length > 0).map(({ of, reasons }) => ({ of, reasons })),
    observed,
    withoutWords: allowed.flatMap((connection) => {
      const reason = whyWithoutWords(connection, api);
      return reason === undefined ? [] : [{ connection, reason }];
    }),
    notAllowed: allowed.filter((one) => whyWithoutWords(one, api) === undefined).flatMap((one) => judged(one, proposed)),
    byAddress: policies.flatMap(({ egress }) =>
      egress.flatMap(({ whyByAddress: reason, connections }) =>
        reason === undefined
          ? []
          : connections.filter((one) => namesOf(one, api) !== undefined).map((connection) => ({ connection, reason })),
      ),
    ),
    denied: observed.connections.filter(({ isAllowed }) => !isAllowed),
    wouldDeny: lostFlows(request, { snapshot, proposed, seen, suggested }),
    diagnostics: snapshot.diagnostics,
  };
}

function judged(connection: ObservedConnection, world: PolicyWorld): JudgedConnection[] {
  const question = questionOfConnection(connection);
  if (question === undefined) return [];
  // To explain costs many times as much.
  if (judgeQuestion(world, question) === 'allow') return [];
  const verdict = explainQuestion(world, question);
  return [{ connection, reason: verdict.verdict === 'deny' ? describeDenial(verdict) : `not known: ${verdict.missing.join(', ')}` }];
}

/** The policies of other objects over the same ends. */
function worldAfter(snapshot: Snapshot, objects: readonly (KubeObject | PlacedObject)[], reading: LoadSnapshotOptions): PolicyWorld {
  return snapshot.world.withTiers(loadSnapshot(objects, reading).world.tiers);
}

/** A cluster as it is, and with the suggested policies. */
interface SuggestedWorlds {
  readonly snapshot: Snapshot;
  readonly proposed: PolicyWorld;
  readonly seen: readonly KubeObject[];
  readonly suggested: readonly KubeObject[];
}

/** Two worlds of which every flow can be judged: pods of manifests get nodes and addresses, which nobody told. */
function judgeableWorlds(
  request: SuggestionRequest,
  { snapshot, proposed, seen, suggested }: SuggestedWorlds,
): Pick<SuggestedWorlds, 'snapshot' | 'proposed'> {
  if ([...snapshot.endpoints.values()].every(({ addresses }) => addresses.length > 0)) return { snapshot, proposed };
  const { objects } = assumeCluster([...request.objects, ...seen], assumedPodRange);
  const assumed = loadSnapshot(objects, request.reading);
  const kept = objects.filter((entry) => !isSuggested(plainObject(entry)));
  return { snapshot: assumed, proposed: worldAfter(assumed, [...kept, ...suggested], request.reading) };
}

/** The possible flows that the suggestion denies. To count pairs is cheap, to tell of them is not: the largest are told. */
function lostFlows(request: SuggestionRequest, worlds: SuggestedWorlds): LostFlows {
  const { snapshot, proposed } = judgeableWorlds(request, worlds);
  const lost = compareWorlds(snapshot, proposed).map((comparison) => ({
    comparison,
    changes: comparison.changes.filter(({ change }) => change === 'lost'),
    teller: new FlowTeller(comparison, snapshot.pods),
  }));
  const counted = lost
    .flatMap(({ comparison, changes, teller }) => changes.map((one) => ({ one, teller, pairs: pairsAtMost(comparison, one) })))
    .filter(({ pairs }) => pairs > 0)
    .sort((a, b) => b.pairs - a.pairs);
  return {
    pairs: lost.reduce((sum, { comparison, changes }) => sum + countPairs(comparison, changes), 0),
    flows: counted.slice(0, toldMax).map(({ one, teller }) => teller.tell(one)),
    omitted: Math.max(0, counted.length - toldMax),
  };
}

function isSuggested({ metadata: { labels } }: KubeObject): boolean {
  return labels?.[suggestionLabel.key] === suggestionLabel.value;
}

function placeOf({ metadata: { namespace = 'default', name = '' }, kind = '' }: KubeObject): string {
  return kind.endsWith('NetworkPolicy') ? `${namespace}/${name}` : '';
}

/** Audit of proposed policies against recorded flows: which of them would be denied, by which rule, and which newly let through. */
import type { Diagnostic, KubeObject } from '@weir/kube';
import { explainQuestion, type FlowVerdict, judgeQuestion, type Outcome } from '@weir/model';
import { type LoadSnapshotOptions, loadSnapshot, type PlacedObject, plainObject } from '@weir/snapshot';
import type { ObservedFlow } from '../observed-flow.ts';
import { describeDenial } from './describe-denial.ts';
import { resolvedNames } from './destination-names.ts';
import { type ObservedConnection, type ObservedConnections, observedConnections, questionOfConnection } from './observed-connections.ts';
import { observedObjects } from './observed-objects.ts';
import { PartyFinder } from './parties.ts';
import { podGroups } from './pod-groups.ts';

/** What to look at. */
export interface PolicyAuditRequest {
  /** Pods, namespaces, nodes and the policies that there are. */
  readonly objects: readonly (KubeObject | PlacedObject)[];
  /** Policies as they would be: each takes the place of the one of its kind and name, others come to those that there are. */
  readonly proposed: readonly (KubeObject | PlacedObject)[];
  readonly flows: readonly ObservedFlow[];
  readonly reading: LoadSnapshotOptions;
}

/** A recorded connection with what policies say of it. */
export interface AuditedConnection {
  readonly connection: ObservedConnection;
  readonly now: Outcome;
  readonly after: Outcome;
  /** Who denies it then, or which fact is missing; empty where it is allowed. */
  readonly reason: string;
}

/** The answer. */
export interface PolicyAudit {
  readonly observed: ObservedConnections;
  /** Connections that were let through and would be denied, the most frequent first. */
  readonly denied: readonly AuditedConnection[];
  /** Connections that were denied and would be let through. */
  readonly allowed: readonly AuditedConnection[];
  /** Connections of which a fact is missing. */
  readonly unknown: readonly AuditedConnection[];
  /** Connections of ends that nobody told of. */
  readonly unjudged: readonly ObservedConnection[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Judges each connection as it is and as it would be. */
export function auditPolicies({ objects, proposed, flows, reading: asked }: PolicyAuditRequest): PolicyAudit {
  const reading = { ...asked, names: resolvedNames(flows) };
  const seen = observedObjects(objects.map(plainObject), flows);
  const snapshot = loadSnapshot([...objects, ...seen], reading);
  const replaced = new Set(proposed.map(plainObject).map(placeOf));
  const kept = objects.filter((entry) => !replaced.has(placeOf(plainObject(entry))));
  const proposedSnapshot = loadSnapshot([...kept, ...seen, ...proposed], reading);
  const then = snapshot.world.withTiers(proposedSnapshot.world.tiers);
  const observed = observedConnections(flows, new PartyFinder(snapshot, podGroups(snapshot)));
  const judged: AuditedConnection[] = [];
  const unjudged: ObservedConnection[] = [];
  for (const connection of observed.connections) {
    const question = questionOfConnection(connection);
    if (question === undefined) unjudged.push(connection);
    else {
      const [now, after] = [judgeQuestion(snapshot.world, question), judgeQuestion(then, question)];
      // To explain costs many times as much.
      judged.push({ connection, now, after, reason: after === 'allow' ? '' : reasonOf(explainQuestion(then, question)) });
    }
  }
  judged.sort((a, b) => b.connection.count - a.connection.count);
  return {
    observed,
    denied: judged.filter((one) => one.connection.isAllowed && one.after === 'deny'),
    allowed: judged.filter((one) => !one.connection.isAllowed && one.after === 'allow'),
    unknown: judged.filter((one) => one.after === 'unknown'),
    unjudged,
    diagnostics: proposedSnapshot.diagnostics,
  };
}

function reasonOf(verdict: FlowVerdict): string {
  return verdict.verdict === 'deny' ? describeDenial(verdict) : `not known: ${verdict.missing.join(', ')}`;
}

function placeOf({ apiVersion = '', kind = '', metadata: { namespace = 'default', name = '' } }: KubeObject): string {
  return `${apiVersion.split('/')[0] ?? ''} ${kind} ${namespace}/${name}`;
}

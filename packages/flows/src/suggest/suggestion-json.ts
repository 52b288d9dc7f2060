/** A suggestion and an audit as plain JSON values: what `weir suggest -o json` prints. */
import type { KubeObject } from '@weir/kube';
import type { Outcome } from '@weir/model';
import { formatProtocol } from '@weir/net';
import type { AuditedConnection, PolicyAudit } from './audit-policies.ts';
import type { ObservedConnection } from './observed-connections.ts';
import { describeParty } from './parties.ts';
import type { Suggestion } from './suggest-report.ts';

/** All flows between the same parties to the same port. */
export interface ConnectionJson {
  /** `namespace/workload`, `node n1 (192.168.0.1)`, an address, or what the log calls somebody unknown. */
  readonly source: string;
  readonly destination: string;
  /** Names that the destination's address was got for, where the log has them. */
  readonly names?: readonly string[];
  readonly protocol: string;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
  /** How many connections were seen. */
  readonly count: number;
  /** RFC 3339. */
  readonly firstSeen?: string;
  readonly lastSeen?: string;
}

/** A connection, and why it is not as wished. */
export interface ReasonedConnectionJson extends ConnectionJson {
  readonly reason: string;
}

/** What was left out, in flows. */
export interface LeftOutJson {
  readonly answers: number;
  readonly self: number;
  readonly ownNode: number;
  readonly noPods: number;
}

/** `weir suggest -o json`. */
export interface SuggestionJson {
  readonly policies: readonly KubeObject[];
  /** Namespaces of the system that were seen, and get no policies because nobody asked for them. */
  readonly leftAlone: readonly string[];
  /** Policies that the API has no words for. */
  readonly notWritten: readonly { readonly of: string; readonly reasons: readonly string[] }[];
  readonly observed: { readonly connections: number; readonly leftOut: LeftOutJson };
  /** Allowed connections without a rule. */
  readonly withoutWords: readonly ReasonedConnectionJson[];
  /** Allowed connections that are denied, or may be, with the suggestion in force. */
  readonly notAllowed: readonly ReasonedConnectionJson[];
  /** Allowed connections to names that got rules about their addresses. */
  readonly byAddress: readonly ReasonedConnectionJson[];
  /** Denied connections, for which no rule was made. */
  readonly denied: readonly ConnectionJson[];
  /** What is possible now and would be denied, in pairs of ends, and the largest groups in words. */
  readonly wouldDeny: {
    readonly pairs: number;
    readonly flows: readonly {
      readonly sources: string;
      readonly destinations: string;
      readonly traffic: string;
      readonly pairs: number;
    }[];
    /** How many policies more take something away. */
    readonly omitted: number;
  };
}

/** A connection as it is and as it would be. */
export interface AuditedConnectionJson extends ConnectionJson {
  readonly now: Outcome;
  readonly after: Outcome;
  /** Who denies it then, or what is not known. */
  readonly reason?: string;
}

/** `weir suggest --audit -o json`. */
export interface PolicyAuditJson {
  readonly observed: { readonly connections: number; readonly leftOut: LeftOutJson };
  readonly denied: readonly AuditedConnectionJson[];
  readonly allowed: readonly AuditedConnectionJson[];
  readonly unknown: readonly AuditedConnectionJson[];
  readonly unjudged: readonly ConnectionJson[];
}

/** The suggestion. */
export function suggestionJson({
  objects,
  leftAlone,
  notWritten,
  observed,
  withoutWords,
  notAllowed,
  byAddress,
  denied,
  wouldDeny,
}: Suggestion): SuggestionJson {
  return {
    policies: objects.map(({ object }) => object),
    leftAlone,
    notWritten,
    observed: { connections: observed.connections.length, leftOut: observed.leftOut },
    withoutWords: withoutWords.map(({ connection, reason }) => ({ ...connectionJson(connection), reason })),
    notAllowed: notAllowed.map(({ connection, reason }) => ({ ...connectionJson(connection), reason })),
    byAddress: byAddress.map(({ connection, reason }) => ({ ...connectionJson(connection), reason })),
    denied: denied.map(connectionJson),
    wouldDeny: {
      pairs: wouldDeny.pairs,
      omitted: wouldDeny.omitted,
      flows: wouldDeny.flows.flatMap(({ flows }) =>
        flows.map(({ sources, destinations, traffic, pairs }) => ({ sources, destinations, traffic, pairs })),
      ),
    },
  };
}

/** The audit. */
export function policyAuditJson({ observed, denied, allowed, unknown, unjudged }: PolicyAudit): PolicyAuditJson {
  return {
    observed: { connections: observed.connections.length, leftOut: observed.leftOut },
    denied: denied.map(auditedJson),
    allowed: allowed.map(auditedJson),
    unknown: unknown.map(auditedJson),
    unjudged: unjudged.map(connectionJson),
  };
}

function auditedJson({ connection, now, after, reason }: AuditedConnection): AuditedConnectionJson {
  return { ...connectionJson(connection), now, after, ...(reason === '' ? {} : { reason }) };
}

function connectionJson({
  source,
  destination,
  names,
  protocol,
  port,
  icmp,
  count,
  firstSeen,
  lastSeen,
}: ObservedConnection): ConnectionJson {
  return {
    source: describeParty(source),
    destination: describeParty(destination),
    ...(names === undefined ? {} : { names }),
    protocol: formatProtocol(protocol),
    ...(port === undefined ? {} : { port }),
    ...(icmp === undefined ? {} : { icmp }),
    count,
    ...(firstSeen === undefined ? {} : { firstSeen }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
  };
}

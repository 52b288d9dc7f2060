/**
 * Whether a rule matches a flow, and every condition of it that does not hold.
 *
 * Conditions are asked in the same order by {@link ruleMismatches}, which explains, and by
 * {@link ruleMatches}, which stops at the first that fails.
 */
import { isIcmp, portRangesContain } from '@weir/net';
import { familyOfFlow } from './address-truth.ts';
import { sideMatches, sideMismatches } from './match-side.ts';
import type { IcmpMessages, Match, Rule } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { negation } from './selector-truth.ts';
import type { FlowQuestion, Mismatch, Truth } from './verdict.ts';

/** Whether the rule matches the flow. */
export function ruleMatches(world: PolicyWorld, { match }: Rule, flow: FlowQuestion): Truth {
  if (match.protocol !== undefined && match.protocol !== flow.protocol) return 'no';
  if (match.notProtocol === flow.protocol || !mayBePort(match, flow)) return 'no';
  return both(both(icmpMatches(match, flow), familyMatches(match, flow)), () => sidesMatch(world, match, flow));
}

/** Whether the port is one that the rule may be about: most rules are about others, and that is soon said. */
function mayBePort({ destination: { ports, namedPorts } }: Match, { destinationPort }: FlowQuestion): boolean {
  if (ports === undefined || namedPorts !== undefined) return true;
  return destinationPort !== undefined && portRangesContain(ports, destinationPort);
}

/** `no` when either is; the second is asked only when the first is not. */
function both(first: Truth, second: Truth | (() => Truth)): Truth {
  if (first === 'no') return 'no';
  const other = typeof second === 'function' ? second() : second;
  return first === 'yes' || other === 'no' ? other : 'unknown';
}

function familyMatches({ family }: Match, flow: FlowQuestion): Truth {
  if (family === undefined) return 'yes';
  const actual = familyOfFlow(flow);
  return actual === undefined ? 'unknown' : actual === family ? 'yes' : 'no';
}

function icmpMatches({ icmp, notIcmp }: Match, flow: FlowQuestion): Truth {
  const wanted = icmp === undefined ? 'yes' : isMessage(icmp, flow);
  return notIcmp === undefined ? wanted : both(wanted, negation(isMessage(notIcmp, flow)));
}

function isMessage({ type, code }: IcmpMessages, { protocol, icmp }: FlowQuestion): Truth {
  if (icmp === undefined) return isIcmp(protocol) ? 'unknown' : 'no';
  return type === icmp.type && (code === undefined || code === icmp.code) ? 'yes' : 'no';
}

/** Every condition of the rule that does not hold or cannot be decided; empty when it matches. */
export function ruleMismatches(world: PolicyWorld, { match }: Rule, flow: FlowQuestion): Mismatch[] {
  const mismatches: Mismatch[] = [];
  if (match.protocol !== undefined && match.protocol !== flow.protocol) {
    mismatches.push({ kind: 'protocol', wanted: match.protocol, actual: flow.protocol });
  }
  if (match.notProtocol === flow.protocol) mismatches.push({ kind: 'notProtocol', unwanted: flow.protocol });
  mismatches.push(...icmpMismatches(match, flow));
  const family = familyMatches(match, flow);
  if (family === 'unknown') mismatches.push({ kind: 'missingFact', fact: 'the IP family of the flow' });
  if (family === 'no' && match.family !== undefined) mismatches.push({ kind: 'family', wanted: match.family });
  mismatches.push(...sideMismatches(world, match.source, flow, 'source'));
  mismatches.push(...sideMismatches(world, match.destination, flow, 'destination'));
  return mismatches;
}

function icmpMismatches({ icmp, notIcmp }: Match, flow: FlowQuestion): Mismatch[] {
  if (icmp === undefined && notIcmp === undefined) return [];
  if (flow.icmp === undefined && isIcmp(flow.protocol)) return [{ kind: 'missingFact', fact: 'the type of the ICMP message' }];
  return [
    ...(icmp !== undefined && isMessage(icmp, flow) === 'no' ? [{ kind: 'icmp', wanted: icmp, negated: false } as const] : []),
    ...(notIcmp !== undefined && isMessage(notIcmp, flow) === 'yes' ? [{ kind: 'icmp', wanted: notIcmp, negated: true } as const] : []),
  ];
}

function sidesMatch(world: PolicyWorld, match: Rule['match'], flow: FlowQuestion): Truth {
  const destination = sideMatches(world, match.destination, flow, 'destination');
  if (destination === 'no') return 'no';
  const source = sideMatches(world, match.source, flow, 'source');
  return source === 'yes' ? destination : source;
}

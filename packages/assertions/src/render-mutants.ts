/** Mutants that no assertion notices, as text for people: what is changed, and an assertion that would notice. */
import { describePlace, describePolicy, describeService, type FlowEnd, podName } from '@weir/model';
import { formatAddress, hasPorts, isIcmp } from '@weir/net';
import type { MutantResult } from './mutate-policies.ts';
import type { ChangedFlow } from './policy-differences.ts';

/** The lines: those that survive, then how many there were. */
export function renderMutants(results: readonly MutantResult[]): string[] {
  const count = (outcome: MutantResult['outcome']): number => results.filter((each) => each.outcome === outcome).length;
  const survivors = results.filter(({ outcome }) => outcome === 'survived');
  const more = [
    ...(count('equal') === 0 ? [] : [`${count('equal')} change no connection and cannot be noticed`]),
    ...(count('left out') === 0
      ? []
      : [`${count('left out')} were not tried: there are too many (--mutants-max), or they take too many verdicts`]),
  ];
  return [
    ...survivors.flatMap(renderSurvivor),
    `${results.length} changes to policies: ${[`${count('noticed')} noticed`, `${survivors.length} not noticed`, ...more].join(', ')}`,
    ...results.filter(({ outcome }) => outcome === 'equal').map((each) => `  no connection differs: ${describeMutant(each)}`),
  ];
}

/** `NetworkPolicy shop/db (shop.yaml:3) ingress[0].from[0]: without the rule`. */
export function describeMutant({ mutant: { policy, rule, source, change } }: MutantResult): string {
  return `${describePolicy(policy.ref)}${rule === undefined ? '' : ` ${rule}`}${describePlace(source)}: ${change}`;
}

function renderSurvivor(result: MutantResult): string[] {
  const { example } = result;
  const lines = [`  not noticed: ${describeMutant(result)}`];
  if (example === undefined) return lines;
  const { flow, before, after } = example;
  const missing = assertionText(example);
  const text = `    then ${flow.source.name} → ${flow.destination.name} ${describeService(flow.question)} is ${words[after]}, and not ${words[before]}`;
  return missing === undefined ? [...lines, text] : [...lines, `${text}; an assertion that notices:`, `    ${missing}`];
}

const words = { allow: 'allowed', deny: 'denied', unknown: 'unknown' } as const;

/** The missing assertion, in the words of a file; undefined for a protocol that they have no word for. */
export function assertionText({ flow: { question, source, destination }, before }: ChangedFlow): string | undefined {
  const { protocol, destinationPort, icmp } = question;
  if (!hasPorts(protocol) && !isIcmp(protocol)) return undefined;
  const service = describeService(question)
    .replace(/^TCP\//, '')
    .replace(/^(UDP|SCTP)\/(\d+)$/, '$2/$1');
  const message = icmp === undefined ? 'icmp' : `icmp/${icmp.type}/${icmp.code}`;
  const port = isIcmp(protocol) ? `, port: ${message}` : destinationPort === undefined ? '' : `, port: ${service}`;
  return `- { from: ${wordOf(source.end)}, to: ${wordOf(destination.end)}${port}, expect: ${before} }`;
}

function wordOf(end: FlowEnd): string {
  if (end.kind === 'endpoint') return podName(end.endpoint);
  if (end.kind === 'node') return `"node:${end.node.name}"`;
  return end.address.family === 4 ? formatAddress(end.address) : JSON.stringify(formatAddress(end.address));
}

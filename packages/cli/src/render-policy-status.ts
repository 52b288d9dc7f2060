/** `weir policy status` for people: a row per policy, or for one policy a row per node. */
import type { EnforcementState, PolicyOnNode, PolicyStatus } from '@weir/analyze';
import { type Output, renderTable, type Tone } from './output.ts';

/** How to show them. */
interface StatusRendering {
  /** One policy was asked for. */
  readonly isOne: boolean;
  readonly nowMs: number;
}

/** More nodes that are not in force than this are counted, not listed, where all policies are shown. */
const nodesListed = 5;

const tones: Readonly<Record<EnforcementState, Tone>> = { 'in force': 'good', pending: 'note', refused: 'bad', unknown: 'bad' };

/** The whole text. */
export function renderPolicyStatuses(statuses: readonly PolicyStatus[], rendering: StatusRendering, output: Output): string {
  const [one] = statuses;
  if (one === undefined) return 'there are no policies to enforce';
  if (rendering.isOne && statuses.length === 1) return renderOne(one, rendering, output);
  const rows = statuses.map((status) => [
    status.kind,
    status.namespace === '' ? '-' : status.namespace,
    status.name,
    status.state,
    `${status.nodes.filter(({ state }) => state === 'in force').length}/${status.nodes.length}`,
    String(status.pods),
    age(status.since, rendering),
  ]);
  const table = renderTable(['KIND', 'NAMESPACE', 'NAME', 'STATE', 'NODES', 'PODS', 'SINCE'], rows);
  const worthWords = statuses.filter(({ state, nodes }) => state !== 'in force' || nodes.some(isPartlyKnown));
  return [table, ...worthWords.flatMap((status) => ['', ...troubles(status, output)])].join('\n');
}

function renderOne(status: PolicyStatus, rendering: StatusRendering, output: Output): string {
  const { state, nodes, otherNodes, notReady } = status;
  const lines = [`${titleOf(status)}: ${output.tone(tones[state], state)}${nodes.length === 0 ? words(status) : ''}`];
  if (nodes.length > 0) {
    const rows = nodes.map((row) => [row.node, row.state, String(row.pods), age(row.since, rendering), reasonOf(row)]);
    lines.push(renderTable(['NODE', 'STATE', 'PODS', 'SINCE', 'REASON'], rows));
  }
  if (otherNodes > 0 && nodes.length > 0) lines.push(`and ${plural(otherNodes, 'node')} with none of its pods`);
  if (notReady.length > 0) lines.push(`not ready, and not counted: ${notReady.join(', ')}`);
  return lines.join('\n');
}

function titleOf({ kind, namespace, name }: PolicyStatus): string {
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}

/** Why a policy without rows is as it is. */
function words({ state, otherNodes }: PolicyStatus): string {
  if (state === 'in force') return ' (it selects no pod; one that starts meets it)';
  return otherNodes === 0
    ? ': no agent reports from any node that is ready'
    : ': it selects no pod, and no agent has said yet that it has read it';
}

function troubles(status: PolicyStatus, output: Output): string[] {
  const { state, nodes } = status;
  const bad = nodes.filter((row) => row.state !== 'in force' || isPartlyKnown(row));
  const lines = bad.slice(0, nodesListed).map((row) => `  ${row.node}: ${row.state}: ${reasonOf(row)}`);
  if (bad.length > nodesListed) lines.push(`  and ${plural(bad.length - nodesListed, 'node')} more`);
  return [`${titleOf(status)}: ${output.tone(tones[state], state)}${bad.length === 0 ? words(status) : ''}`, ...lines];
}

const insteadTexts = {
  accepted: 'its last accepted version',
  closed: 'its pods are closed',
  elsewhere: 'itself, for all other pods',
  nothing: 'NOTHING, as the engine does: what it was to forbid is open',
} as const;

function isPartlyKnown({ unknownFields }: PolicyOnNode): boolean {
  return unknownFields !== undefined;
}

function reasonOf({ unknownFields = '', reason = unknownFields, inForce }: PolicyOnNode): string {
  if (inForce === undefined) return reason;
  return `${reason} (instead in force: ${insteadTexts[inForce]})`;
}

function age(since: string | undefined, { nowMs }: StatusRendering): string {
  if (since === undefined) return '-';
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(since)) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

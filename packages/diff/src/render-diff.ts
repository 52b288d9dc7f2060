/** A difference as text for a terminal. */
import type { ChangedConnectionJson, ConnectionChange, DiffJson } from './diff-json.ts';

/** Lines: what changes for whom, each with what makes the difference; the summary last. */
export function renderDiff(diff: DiffJson): string[] {
  const { connections, workloads } = diff;
  const sections: (readonly [string, readonly ChangedConnectionJson[]])[] = [
    ...changes.map(([change, title]) => [title, connections.filter((one) => one.change === change)] as const),
    [`Connections of workloads that are new: ${workloads.added.join(', ')}`, workloads.connectionsAdded],
    [`Connections of workloads that are gone: ${workloads.removed.join(', ')}`, workloads.connectionsRemoved],
  ];
  const shown = sections.filter(([, members]) => members.length > 0);
  return [...shown.flatMap(([title, members]) => [title, ...members.flatMap(renderConnection), '']), summarizeDiff(diff)];
}

const changes: readonly (readonly [ConnectionChange, string])[] = [
  ['added', 'Added: there was no connection'],
  ['widened', 'Widened: more traffic than there was'],
  ['changed', 'Changed: some traffic more, some less'],
  ['uncertain', 'Uncertain: it depends on what is not known'],
  ['narrowed', 'Narrowed: less traffic than there was'],
  ['removed', 'Removed: there is no connection any more'],
];

function renderConnection(connection: ChangedConnectionJson): string[] {
  const { from, to, causes, families } = connection;
  const over = families.length === 1 && families[0] === 6 ? ' (IPv6)' : '';
  return [`  ${from} → ${to}${over}: ${describeChange(connection)}`, ...causes.map(({ text }) => `      ${text}`)];
}

/** `TCP 80 → TCP 80, 443`, or what of it is told apart: `+ TCP 443`. */
export function describeChange({ before, after, gained, lost, mayBeGained, mayBeLost }: ChangedConnectionJson): string {
  const parts = [
    ...(gained.protocols.length > 0 ? [`+ ${gained.text}`] : []),
    ...(lost.protocols.length > 0 ? [`- ${lost.text}`] : []),
    ...(mayBeGained.protocols.length > 0 ? [`perhaps + ${mayBeGained.text}`] : []),
    ...(mayBeLost.protocols.length > 0 ? [`perhaps - ${mayBeLost.text}`] : []),
  ];
  const isWhole = before.protocols.length === 0 || after.protocols.length === 0;
  return isWhole ? parts.join('; ') : `${parts.join('; ')} (${before.text} → ${after.text})`;
}

/** One sentence: `3 connections: 2 added, 1 narrowed; 1 workload is new.` */
export function summarizeDiff({ summary, workloads }: DiffJson): string {
  const counted = changes.filter(([change]) => summary[change] > 0);
  const sum = counted.reduce((total, [change]) => total + summary[change], 0);
  const counts = counted.map(([change]) => `${summary[change]} ${change}`).join(', ');
  const parts = [
    ...(sum > 0 ? [`${sum} connection${sum === 1 ? '' : 's'}: ${counts}`] : []),
    ...(workloads.added.length > 0 ? [`${countText(workloads.added.length)} new`] : []),
    ...(workloads.removed.length > 0 ? [`${countText(workloads.removed.length)} gone`] : []),
  ];
  return parts.length === 0 ? 'No connection changes.' : `${parts.join('; ')}.`;
}

function countText(count: number): string {
  return `${count} workload${count === 1 ? ' is' : 's are'}`;
}

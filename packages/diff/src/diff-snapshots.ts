/** `diff`: which connections two snapshots have in which they differ, whatever the objects look like. */
import { formatDiagnostic } from '@weir/kube';
import type { Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Side } from './both-sides.ts';
import { type ConnectionComparison, compareConnections } from './changed-connections.ts';
import { ConnectionTeller } from './connection-teller.ts';
import type { ChangedConnectionJson, ConnectionChange, DiffJson } from './diff-json.ts';

/** Compares what two snapshots allow. */
export function diffSnapshots(before: Snapshot, after: Snapshot): DiffJson {
  const isWorkload = workloadNames(before, after);
  const comparisons = familiesOf(before, after).map((family) => compareConnections({ before, after, family }));
  const told = comparisons.map((comparison) => new ConnectionTeller(comparison, isWorkload).tell());
  const connections = mergeFamilies(told.flatMap((one) => one.both));
  const connectionsAdded = mergeFamilies(told.flatMap(({ added }) => added));
  const connectionsRemoved = mergeFamilies(told.flatMap(({ removed }) => removed));
  const workloads = { added: partiesOn(comparisons, 'after'), removed: partiesOn(comparisons, 'before') };
  const countOf = (change: ConnectionChange): number => connections.reduce((sum, one) => sum + (one.change === change ? one.pairs : 0), 0);
  return {
    profiles: { before: before.world.profile.name, after: after.world.profile.name },
    notices: { before: before.diagnostics.map(formatDiagnostic), after: after.diagnostics.map(formatDiagnostic) },
    summary: {
      added: countOf('added'),
      removed: countOf('removed'),
      widened: countOf('widened'),
      narrowed: countOf('narrowed'),
      changed: countOf('changed'),
      uncertain: countOf('uncertain'),
      workloadsAdded: workloads.added.length,
      workloadsRemoved: workloads.removed.length,
    },
    connections,
    workloads: { ...workloads, connectionsAdded, connectionsRemoved },
  };
}

/** IPv4, and IPv6 where a pod or a node has it. */
function familiesOf(before: Snapshot, after: Snapshot): readonly Family[] {
  const ends = [before, after].flatMap(({ world, nodes }) => [world.endpoints, nodes]);
  const isUsed = (wanted: Family): boolean =>
    ends.some((some) => some.some(({ addresses }) => addresses.some(({ family }) => family === wanted)));
  if (!isUsed(6)) return [4];
  return isUsed(4) ? [4, 6] : [6];
}

/** Whether a name is one of a workload's; looked up when it is first asked. */
function workloadNames(before: Snapshot, after: Snapshot): (name: string) => boolean {
  let names: ReadonlySet<string> | undefined;
  return (name) => {
    names ??= new Set([before, after].flatMap(({ workloads }) => [...workloads.values()].map((one) => `${one.namespace}/${one.name}`)));
    return names.has(name);
  };
}

/** The parties that are on this side only. */
function partiesOn(comparisons: readonly ConnectionComparison[], side: Side): string[] {
  const other = side === 'before' ? 'after' : 'before';
  if (comparisons.every(({ parties }) => parties[side] === parties[other])) return [];
  const on = (one: Side): ReadonlySet<string> => new Set(comparisons.flatMap(({ parties }) => [...parties[one]]));
  const others = on(other);
  return [...on(side)].filter((name) => !others.has(name)).sort();
}

/** What is worth the most attention first. */
const order: readonly ConnectionChange[] = ['added', 'widened', 'changed', 'uncertain', 'narrowed', 'removed'];

/** What is the same over both families is told once. */
function mergeFamilies(connections: readonly ChangedConnectionJson[]): ChangedConnectionJson[] {
  const found = new Map<string, ChangedConnectionJson>();
  for (const one of connections) {
    const key = JSON.stringify([
      one.change,
      one.from,
      one.to,
      one.before.text,
      one.after.text,
      one.causes.map(({ text, traffic }) => [text, traffic.text]),
    ]);
    const same = found.get(key);
    const merged =
      same === undefined
        ? one
        : {
            ...same,
            families: [...same.families, ...one.families],
            destinations: withOthers(same.destinations, one.destinations),
            sources: withOthers(same.sources, one.sources),
          };
    found.set(key, merged);
  }
  return [...found.values()].sort(
    (a, b) =>
      order.indexOf(a.change) - order.indexOf(b.change) || b.pairs - a.pairs || compareTexts(`${a.from} ${a.to}`, `${b.from} ${b.to}`),
  );
}

function withOthers(ends: ChangedConnectionJson['sources'], others: ChangedConnectionJson['sources']): ChangedConnectionJson['sources'] {
  const names = new Set(ends.map(({ kind, name }) => `${kind} ${name}`));
  return [...ends, ...others.filter(({ kind, name }) => !names.has(`${kind} ${name}`))];
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

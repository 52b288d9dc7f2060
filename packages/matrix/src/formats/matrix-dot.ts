/** A matrix in the DOT language of Graphviz: namespaces as boxes, what is not known as dashed lines, ways into the cluster as houses. */
import type { MatrixEnd, MatrixReport } from '../matrix-report.ts';
import { type GraphNode, matrixGraph, nameWithin } from './matrix-graph.ts';

const shapes: Readonly<Record<GraphNode['end']['kind'], string>> = { pods: 'box', nodes: 'box3d', outside: 'ellipse' };

/** The graph `matrix`. */
export function matrixDot(report: MatrixReport): string {
  const { namespaces, edges, entries } = matrixGraph(report);
  const lines = namespaces.flatMap(({ namespace, nodes }, at) => {
    const own = nodes.map(({ id, end }) => `${id} [label=${quoted(nameWithin(end, namespace))}, shape=${shapes[end.kind]}];`);
    if (namespace === undefined) return own;
    return [`subgraph cluster_${at + 1} {`, `  label=${quoted(namespace)};`, ...own.map((line) => `  ${line}`), '}'];
  });
  const arrows = edges.map(({ from, to, label, isCertain }) => {
    return `${from} -> ${to} [label=${quoted(label)}${isCertain ? '' : ', style=dashed'}];`;
  });
  const ways = entries.flatMap(({ id, label, to, isOpen }) => [
    `${id} [label=${quoted(label)}, shape=house];`,
    ...to.map((backend) => `${id} -> ${backend.id} [label=${quoted(backend.label)}${isOpen ? '' : ', style=dotted, arrowhead=tee'}];`),
  ]);
  return digraph([...lines, ...arrows, ...ways]);
}

/**
 * The graph of namespaces alone, `matrix`, for what is too much to be drawn by ends: how many connections go from one to
 * another, and within each; nodes and the outside are one end each.
 */
export function matrixNamespacesDot(report: MatrixReport): string {
  const places = new Map(report.ends.map((end) => [end.name, placeOf(end)]));
  const counts = new Map<string, number>();
  for (const { from, to } of [...report.connections, ...report.unknown]) {
    const pair = JSON.stringify([places.get(from), places.get(to)]);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const ids = new Map([...new Set(places.values())].map((place, at) => [place, `n${at + 1}`]));
  const lines = [...ids].map(([place, id]) => `${id} [label=${quoted(place)}, shape=box];`);
  const arrows = [...counts].map(([pair, count]) => {
    const [from = '', to = ''] = JSON.parse(pair) as string[];
    return `${ids.get(from) ?? ''} -> ${ids.get(to) ?? ''} [label=${quoted(String(count))}];`;
  });
  return digraph([...lines, ...arrows]);
}

function placeOf({ kind, workloads }: MatrixEnd): string {
  if (kind === 'nodes') return 'nodes';
  if (kind === 'outside') return 'outside of the cluster';
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace))];
  return namespaces.length === 1 ? `namespace ${namespaces[0] ?? ''}` : 'pods of several namespaces';
}

function digraph(lines: readonly string[]): string {
  const settings = [
    'rankdir=LR;',
    'fontname="sans-serif";',
    'fontsize=12;',
    'node [fontname="sans-serif", fontsize=11, margin="0.2,0.1"];',
    'edge [fontname="sans-serif", fontsize=9];',
  ];
  return ['digraph matrix {', ...[...settings, ...lines].map((line) => `  ${line}`), '}', ''].join('\n');
}

/** Backslashes and ampersands begin something else in labels. */
function quoted(text: string): string {
  return `"${text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

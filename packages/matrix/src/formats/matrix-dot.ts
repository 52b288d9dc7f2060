/** A matrix in the DOT language of Graphviz: namespaces as boxes, what is not known as dashed lines. */
import type { MatrixReport } from '../matrix-report.ts';
import { type GraphNode, matrixGraph, nameWithin } from './matrix-graph.ts';

const shapes: Readonly<Record<GraphNode['end']['kind'], string>> = { pods: 'box', nodes: 'box3d', outside: 'ellipse' };

/** The graph `matrix`. */
export function matrixDot(report: MatrixReport): string {
  const { namespaces, edges } = matrixGraph(report);
  const lines = namespaces.flatMap(({ namespace, nodes }, at) => {
    const own = nodes.map(({ id, end }) => `${id} [label=${quoted(nameWithin(end, namespace))}, shape=${shapes[end.kind]}];`);
    if (namespace === undefined) return own;
    return [`subgraph cluster_${at + 1} {`, `  label=${quoted(namespace)};`, ...own.map((line) => `  ${line}`), '}'];
  });
  const arrows = edges.map(({ from, to, label, isCertain }) => {
    return `${from} -> ${to} [label=${quoted(label)}${isCertain ? '' : ', style=dashed'}];`;
  });
  const settings = [
    'rankdir=LR;',
    'fontname="sans-serif";',
    'fontsize=12;',
    'node [fontname="sans-serif", fontsize=11];',
    'edge [fontname="sans-serif", fontsize=9];',
  ];
  return ['digraph matrix {', ...[...settings, ...lines, ...arrows].map((line) => `  ${line}`), '}', ''].join('\n');
}

/** Backslashes and ampersands begin something else in labels. */
function quoted(text: string): string {
  return `"${text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

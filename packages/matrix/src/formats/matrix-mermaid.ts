/** A matrix as a Mermaid flowchart, which Markdown of many forges draws: what is not known as dotted lines, ways into the cluster as flags. */
import type { MatrixReport } from '../matrix-report.ts';
import { matrixGraph, nameWithin } from './matrix-graph.ts';

/** The flowchart. */
export function matrixMermaid(report: MatrixReport): string {
  const { namespaces, edges, entries } = matrixGraph(report);
  const lines = namespaces.flatMap(({ namespace, nodes }, at) => {
    const own = nodes.map(({ id, end }) => {
      const [open, close] = end.kind === 'outside' ? ['([', '])'] : end.kind === 'nodes' ? ['[[', ']]'] : ['[', ']'];
      return `${id}${open}${quoted(nameWithin(end, namespace))}${close}`;
    });
    if (namespace === undefined) return own;
    return [`subgraph s${at + 1}[${quoted(namespace)}]`, ...own.map((line) => `  ${line}`), 'end'];
  });
  const arrows = edges.map(({ from, to, label, isCertain }) => `${from} ${isCertain ? '-->' : '-.->'}|${quoted(label)}| ${to}`);
  const ways = entries.flatMap(({ id, label, to, isOpen }) => [
    `${id}>${quoted(label)}]`,
    ...to.map((backend) => `${id} ${isOpen ? '==>' : '--x'}|${quoted(backend.label)}| ${backend.id}`),
  ]);
  return ['flowchart LR', ...[...lines, ...arrows, ...ways].map((line) => `  ${line}`), ''].join('\n');
}

/** Text in quotes, with what ends them as an entity. */
function quoted(text: string): string {
  return `"${text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')}"`;
}

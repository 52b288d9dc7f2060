/** A matrix as a graph: its ends in the namespaces that they lie in, and what goes between them. */
import { addToGroup } from '@weir/net';
import { compareTexts } from '../end-names.ts';
import type { MatrixEnd, MatrixReport } from '../matrix-report.ts';
import { familyText, tellsFamilies } from './family-text.ts';

/** One end with an identifier that every notation takes. */
export interface GraphNode {
  readonly id: string;
  readonly end: MatrixEnd;
}

/** Connections between two ends. */
interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly isCertain: boolean;
}

/** Ends of one namespace; those of several, nodes and addresses outside are in none. */
interface GraphNamespace {
  readonly namespace: string | undefined;
  readonly nodes: readonly GraphNode[];
}

/** The graph. */
export interface MatrixGraph {
  readonly namespaces: readonly GraphNamespace[];
  readonly edges: readonly GraphEdge[];
}

/** Makes the graph; identifiers are `n1`, `n2` in the order of the ends. */
export function matrixGraph({ ends, connections, unknown }: MatrixReport): MatrixGraph {
  const nodes = ends.map((end, at): GraphNode => ({ id: `n${at + 1}`, end }));
  const ids = new Map(nodes.map(({ id, end }) => [end.name, id]));
  const byNamespace = new Map<string, GraphNode[]>();
  const elsewhere: GraphNode[] = [];
  for (const node of nodes) {
    const [namespace, ...others] = new Set(node.end.workloads.map((workload) => workload.namespace));
    if (namespace === undefined || others.length > 0) elsewhere.push(node);
    else addToGroup(byNamespace, namespace, node);
  }
  const showsFamilies = tellsFamilies([...connections, ...unknown]);
  const edges = [...connections.map((row) => ({ row, isCertain: true })), ...unknown.map((row) => ({ row, isCertain: false }))].map(
    ({ row, isCertain }): GraphEdge => ({
      from: ids.get(row.from) ?? '',
      to: ids.get(row.to) ?? '',
      label: showsFamilies ? `${row.traffic} over ${familyText(row.families)}` : row.traffic,
      isCertain,
    }),
  );
  const namespaces = [...byNamespace].sort(([a], [b]) => compareTexts(a, b)).map(([namespace, members]) => ({ namespace, nodes: members }));
  return { namespaces: [...namespaces, ...(elsewhere.length === 0 ? [] : [{ namespace: undefined, nodes: elsewhere }])], edges };
}

/** The name of an end inside of the box of its namespace: without the namespace. */
export function nameWithin({ name }: MatrixEnd, namespace: string | undefined): string {
  return namespace === undefined ? name : name.replaceAll(`${namespace}/`, '');
}

/** A matrix as a graph: its ends in the namespaces that they lie in, what goes between them, and the ways into the cluster. */
import { addToGroup } from '@weir/net';
import { listed } from '@weir/snapshot';
import { compareTexts } from '../end-names.ts';
import type { MatrixEnd, MatrixReport } from '../matrix-report.ts';
import { familyText, tellsFamilies } from './family-text.ts';
import { entryText } from './matrix-sections.ts';

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

/** A way into the cluster, to the ends behind its service. */
interface GraphEntry {
  readonly id: string;
  readonly label: string;
  readonly to: readonly { readonly id: string; readonly label: string }[];
  /** Whether policies let anybody in. */
  readonly isOpen: boolean;
}

/** The graph. */
export interface MatrixGraph {
  readonly namespaces: readonly GraphNamespace[];
  readonly edges: readonly GraphEdge[];
  /** Those that lead to some pod; `e1`, `e2` in their order. */
  readonly entries: readonly GraphEntry[];
}

/** Makes the graph; identifiers are `n1`, `n2` in the order of the ends. */
export function matrixGraph(report: MatrixReport): MatrixGraph {
  const { ends, connections, unknown } = report;
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
  return {
    namespaces: [...namespaces, ...(elsewhere.length === 0 ? [] : [{ namespace: undefined, nodes: elsewhere }])],
    edges,
    entries: entriesOf(report, ids),
  };
}

function entriesOf({ entryPoints, services }: MatrixReport, ids: ReadonlyMap<string, string>): GraphEntry[] {
  return entryPoints.flatMap((entry, at): GraphEntry[] => {
    const service = services.find((one) => one.service === entry.service && one.port === entry.port && one.protocol === entry.protocol);
    const to = (service?.backends ?? []).flatMap(({ end, port }) => {
      const id = ids.get(end);
      return id === undefined
        ? []
        : [{ id, label: `${entry.protocol} ${port}, lets in ${entry.admitted.length === 0 ? 'nobody' : listed(entry.admitted)}` }];
    });
    return to.length === 0 ? [] : [{ id: `e${at + 1}`, label: entryText(entry), to, isOpen: entry.admitted.length > 0 }];
  });
}

/** The name of an end inside of the box of its namespace: without the namespace. */
export function nameWithin({ name }: MatrixEnd, namespace: string | undefined): string {
  return namespace === undefined ? name : name.replaceAll(`${namespace}/`, '');
}

/** The matrix of single pods: every pair at some ports, as squares of signs. */
import { computeMatrix, familiesOf, type Matrix, type MatrixCellsJson, type MatrixPort, matrixOutcome } from '@weir/matrix';
import { type Endpoint, podName } from '@weir/model';
import { type Family, formatProtocol, isTransportName, protocolNumber, transportNumber } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { usageError } from '../exit-code.ts';
import { renderTable } from '../output.ts';
import { parsePort } from '../port.ts';
import { type Cell, differs } from './matrix-probe.ts';

/** All pairs of pods at some ports. */
export interface CellMatrix {
  readonly ports: readonly MatrixPort[];
  readonly parts: readonly Part[];
  /** Of all the parts. */
  readonly cells: readonly Cell[];
}

/** What to compute cells of. */
export interface CellOptions {
  readonly ports: readonly MatrixPort[];
  readonly include: (endpoint: Endpoint) => boolean;
}

/** Computes every pair, in each family that the pods have. */
export function cellMatrix(snapshot: Snapshot, { ports, include }: CellOptions): CellMatrix {
  const parts = familiesOf(snapshot, include).map((family) => partOf(snapshot, { ports, include, family }));
  return { ports, parts, cells: parts.flatMap(({ cells }) => cells) };
}

/** How many cells there would be. */
export function countCells(snapshot: Snapshot, { ports, include }: CellOptions): number {
  const pods = [...snapshot.endpoints.values()].filter(include).length;
  return pods * pods * ports.length * familiesOf(snapshot, include).length;
}

/** The cells with the differences that were found, as JSON. */
export function cellsToJson({ ports, cells }: Pick<CellMatrix, 'ports' | 'cells'>): MatrixCellsJson {
  return { ports: ports.map(portText), cells, differences: cells.filter(differs).length };
}

/** The cells of one family, with the pods that have addresses of it. */
interface Part {
  readonly family: Family;
  readonly pods: readonly Endpoint[];
  readonly cells: readonly Cell[];
}

function partOf(
  snapshot: Snapshot,
  { ports, include, family }: { ports: readonly MatrixPort[]; include: (endpoint: Endpoint) => boolean; family: Family },
): Part {
  const matrix = computeMatrix(snapshot, { ports, include, family });
  const pods = matrix.classes.flatMap((entry) => entry.pods).sort((a, b) => (podName(a) < podName(b) ? -1 : 1));
  return { family, pods, cells: cellsOf(matrix, pods, family) };
}

/** The ports that were asked for. */
export function askedPorts(given: readonly string[]): readonly MatrixPort[] {
  return given.map((text) => {
    const { protocol, port, icmp } = parsePort(text);
    if (icmp !== undefined) throw usageError(`'${text}' is one message: the matrix asks about ICMP as a whole, so write icmp`);
    return { protocol: protocol === 'ICMP' ? protocolNumber.ICMP : transportNumber(protocol), ...(port === undefined ? {} : { port }) };
  });
}

/** The ports that containers of the pods declare, in order. */
export function declaredPorts(snapshot: Snapshot, include: (endpoint: Endpoint) => boolean): readonly MatrixPort[] {
  const declared = new Map<string, MatrixPort>();
  for (const [key, pod] of snapshot.pods) {
    const endpoint = snapshot.endpoints.get(key);
    if (endpoint === undefined || !include(endpoint)) continue;
    for (const { containerPort, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])) {
      if (isTransportName(protocol))
        declared.set(`${containerPort}/${protocol}`, { protocol: transportNumber(protocol), port: containerPort });
    }
  }
  return [...declared.values()].sort((a, b) => (a.port ?? 0) - (b.port ?? 0) || a.protocol - b.protocol);
}

function cellsOf(matrix: Matrix, pods: readonly Endpoint[], family: Family): readonly Cell[] {
  return pods.flatMap((source) =>
    pods.flatMap((destination) =>
      matrix.ports.map((port, index) => ({
        source: podName(source),
        destination: podName(destination),
        port: portText(port),
        family,
        computed: matrixOutcome(matrix, podName(source), podName(destination), index) ?? 'unknown',
      })),
    ),
  );
}

/** A square for each port and family; where connections were tried, with what came of it. */
export function renderCells({ parts, cells, ports }: CellMatrix, tried: boolean): string {
  const differences = cells.filter(differs);
  const byKey = new Map(cells.map((cell) => [keyOf(cell), cell]));
  const tables = ports.flatMap((port) =>
    parts.map(({ family, pods }) => {
      const title = parts.length > 1 ? `${portText(port)} over IPv${family}` : portText(port);
      const words = pods.map((source) =>
        pods.map((destination) =>
          cellWord(byKey.get(keyOf({ source: podName(source), destination: podName(destination), port: portText(port), family }))),
        ),
      );
      return `${title}\n${renderSquare(pods.map(podName), words)}`;
    }),
  );
  const signs = '+ allowed, - denied, ? not known';
  const legend = tried ? `computed/tried: ${signs} or not tried; ! where they differ` : signs;
  return [...tables, legend, ...(tried ? [summaryOf(cells, differences)] : [])].join('\n\n');
}

/** Wider tables than this have numbers instead of names above their columns. */
const widthMax = 120;

function renderSquare(names: readonly string[], words: readonly (readonly string[])[]): string {
  const named = renderTable(
    ['FROM \\ TO', ...names],
    names.map((name, row) => [name, ...(words[row] ?? [])]),
  );
  if (named.indexOf('\n') <= widthMax) return named;
  return renderTable(
    ['#', 'FROM \\ TO', ...names.map((_, column) => String(column + 1))],
    names.map((name, row) => [String(row + 1), name, ...(words[row] ?? [])]),
  );
}

function summaryOf(cells: readonly Cell[], differences: readonly Cell[]): string {
  const tried = cells.filter(({ probed: answer }) => answer !== undefined).length;
  const rest = tried === cells.length ? '' : ` (${cells.length - tried} cannot be tried: no port, or a pod that does not run)`;
  const lines = differences.map(
    (cell) =>
      `  ${cell.source} → ${cell.destination} ${cell.port} over IPv${cell.family}: computed ${cell.computed}, tried: ${cell.probed ?? ''}`,
  );
  return [`${tried} connections tried${rest}, ${differences.length} differ from the computed matrix`, ...lines].join('\n');
}

function keyOf({ source, destination, port, family }: Pick<Cell, 'source' | 'destination' | 'port' | 'family'>): string {
  return `${source} ${destination} ${port} ${family}`;
}

function cellWord(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const sign = { allow: '+', deny: '-', unknown: '?' }[cell.computed];
  if (cell.probed === undefined) return sign;
  return `${sign}/${cell.probed === 'timeout' || cell.probed === 'error' ? '-' : '+'}${differs(cell) ? ' !' : ''}`;
}

function portText({ protocol, port }: MatrixPort): string {
  return port === undefined ? formatProtocol(protocol) : `${port}/${formatProtocol(protocol)}`;
}

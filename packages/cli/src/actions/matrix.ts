/** What `weir matrix` does: all pairs of pods, computed, and with `--probe` tried with real connections. */
import { computeMatrix, loadSnapshot, type Matrix, type MatrixPort, matrixOutcome, type Snapshot } from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import { type Endpoint, podName } from '@weir/model';
import { type Family, formatProtocol, isTransportName, protocolNumber, transportNumber } from '@weir/net';
import type { Invocation } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { readObjects } from '../objects.ts';
import { renderTable } from '../output.ts';
import { parsePort } from '../port.ts';
import { chosenReading } from '../source-options.ts';
import { type Cell, differs, probeCells } from './matrix-probe.ts';

/** Answers `weir matrix`. */
export async function runMatrix(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  const objects = await readObjects(options);
  for (const notice of objects.notices) output.notice(notice);
  const snapshot = loadSnapshot(objects.objects, chosenReading(options, objects));
  for (const diagnostic of snapshot.diagnostics) output.notice(formatDiagnostic(diagnostic));
  const namespaces = options.list('namespace');
  const include = (endpoint: Endpoint): boolean => namespaces.length === 0 || namespaces.includes(endpoint.namespace);
  const ports = chosenPorts(snapshot, options.list('port'), include);
  const parts = familiesOf(snapshot, include).map((family) => partOf(snapshot, { ports, include, family }));
  let cells: readonly Cell[] = parts.flatMap(({ cells: of }) => of);
  if (options.flag('probe')) {
    if (objects.labCluster === undefined) throw usageError('--probe needs a cluster of the lab: choose it with --name');
    const timeoutMs = options.whole('timeout-ms', 1) ?? 1_000;
    cells = await probeCells(cells, { cluster: objects.labCluster, snapshot, timeoutMs, output });
  }
  const differences = cells.filter(differs);
  if (output.json) output.resultJson({ ports: ports.map(portText), cells, differences: differences.length });
  else output.result(renderMatrix({ parts, cells, ports, differences, probed: options.flag('probe') }));
  return differences.length === 0 ? exitCode.done : exitCode.no;
}

/** The matrix over one family, with the pods that have addresses of it. */
interface Part {
  readonly family: Family;
  readonly pods: readonly Endpoint[];
  readonly cells: readonly Cell[];
}

/** IPv4, and IPv6 where a pod has it. */
function familiesOf(snapshot: Snapshot, include: (endpoint: Endpoint) => boolean): readonly Family[] {
  const used = new Set([...snapshot.endpoints.values()].filter(include).flatMap(({ addresses }) => addresses.map(({ family }) => family)));
  if (!used.has(6)) return [4];
  return used.has(4) ? [4, 6] : [6];
}

function partOf(
  snapshot: Snapshot,
  { ports, include, family }: { ports: readonly MatrixPort[]; include: (endpoint: Endpoint) => boolean; family: Family },
): Part {
  const matrix = computeMatrix(snapshot, { ports, include, family });
  const pods = matrix.classes.flatMap((entry) => entry.pods).sort((a, b) => (podName(a) < podName(b) ? -1 : 1));
  return { family, pods, cells: cellsOf(matrix, pods, family) };
}

function chosenPorts(snapshot: Snapshot, given: readonly string[], include: (endpoint: Endpoint) => boolean): readonly MatrixPort[] {
  if (given.length > 0) {
    return given.map(parsePort).map(({ protocol, port }) => ({
      protocol: protocol === 'ICMP' ? protocolNumber.ICMP : transportNumber(protocol),
      ...(port === undefined ? {} : { port }),
    }));
  }
  const declared = new Map<string, MatrixPort>();
  for (const [key, pod] of snapshot.pods) {
    const endpoint = snapshot.endpoints.get(key);
    if (endpoint === undefined || !include(endpoint)) continue;
    for (const { containerPort, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])) {
      if (isTransportName(protocol))
        declared.set(`${containerPort}/${protocol}`, { protocol: transportNumber(protocol), port: containerPort });
    }
  }
  if (declared.size === 0) throw usageError('no container declares a port: say which to ask about with --port');
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

interface MatrixView {
  readonly parts: readonly Part[];
  readonly cells: readonly Cell[];
  readonly ports: readonly MatrixPort[];
  readonly differences: readonly Cell[];
  readonly probed: boolean;
}

function renderMatrix({ parts, cells, ports, differences, probed: tried }: MatrixView): string {
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
  const rest = tried === cells.length ? '' : ` (${cells.length - tried} cannot be tried: SCTP, or a pod that does not run)`;
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

/** `weir matrix`: all pairs of pods, computed, and with `--probe` tried with real connections. */
import { computeMatrix, loadSnapshot, type Matrix, type MatrixPort, matrixOutcome, type Snapshot } from '@weir/analyze';
import { type ProbeAnswer, probeConnections } from '@weir/lab';
import { formatAddress, formatProtocol, isTransportName, protocolNumber, transportNumber } from '@weir/net';
import { type Endpoint, type EngineName, engineProfiles, podName } from '@weir/policy';
import type { Command, Invocation } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { readObjects, sourceOptions } from '../objects.ts';
import { renderTable } from '../output.ts';
import { parsePort } from './why-command.ts';

/** `weir matrix`. */
export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'Show who can talk to whom, computed or tried',
  description:
    'Without --port every port that a container declares is asked. --probe opens real connections between the\n' +
    'pods of a cluster of the lab and shows where they differ from the computed matrix: exit code 1 when they do.',
  options: {
    ...sourceOptions,
    port: { type: 'string', multiple: true, placeholder: 'PORT[/PROTO]', summary: 'a port to ask about' },
    namespace: { type: 'string', multiple: true, placeholder: 'NAMESPACE', summary: 'only pods of this namespace' },
    profile: { type: 'string', values: Object.keys(engineProfiles), default: 'kubernetes', summary: 'judge like this engine' },
    probe: { type: 'boolean', summary: 'try every pair with a real connection' },
    'timeout-ms': { type: 'string', placeholder: 'N', default: '1000', summary: 'how long a probe waits' },
  },
  examples: ['weir matrix', 'weir matrix --namespace shop --port 5432', 'weir matrix --probe', 'weir matrix --manifests policies/ -o json'],
  run: runMatrix,
};

/** One cell of the matrix. */
interface Cell {
  readonly source: string;
  readonly destination: string;
  readonly port: string;
  readonly computed: 'allow' | 'deny' | 'unknown';
  readonly probed?: ProbeAnswer;
}

async function runMatrix(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  const objects = await readObjects(options);
  const profile = engineProfiles[(options.text('profile') ?? 'kubernetes') as EngineName];
  const snapshot = loadSnapshot(objects.objects, { profile });
  const namespaces = options.list('namespace');
  const include = (endpoint: Endpoint): boolean => namespaces.length === 0 || namespaces.includes(endpoint.namespace);
  const ports = chosenPorts(snapshot, options.list('port'), include);
  const matrix = computeMatrix(snapshot, { ports, include });
  const pods = matrix.classes.flatMap((entry) => entry.pods).sort((a, b) => (podName(a) < podName(b) ? -1 : 1));
  let cells = cellsOf(matrix, pods);
  if (options.flag('probe')) {
    if (objects.labCluster === undefined) throw usageError('--probe needs a cluster of the lab: choose it with --name');
    cells = await probed(cells, { cluster: objects.labCluster, pods, timeoutMs: options.whole('timeout-ms', 1) ?? 1_000 });
  }
  const differences = cells.filter(differs);
  if (output.json) output.resultJson({ ports: ports.map(portText), cells, differences: differences.length });
  else output.result(renderMatrix({ cells, pods, ports, differences, probed: options.flag('probe') }));
  return differences.length === 0 ? exitCode.done : exitCode.no;
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

function cellsOf(matrix: Matrix, pods: readonly Endpoint[]): Cell[] {
  return pods.flatMap((source) =>
    pods.flatMap((destination) =>
      matrix.ports.map((port, index) => ({
        source: podName(source),
        destination: podName(destination),
        port: portText(port),
        computed: matrixOutcome(matrix, podName(source), podName(destination), index) ?? 'unknown',
      })),
    ),
  );
}

async function probed(cells: readonly Cell[], by: { cluster: string; pods: readonly Endpoint[]; timeoutMs: number }): Promise<Cell[]> {
  const pods = new Map(by.pods.map((pod) => [podName(pod), pod]));
  const probes = cells.map((cell) => {
    const [port = '', protocol = ''] = cell.port.split('/');
    const address = pods.get(cell.destination)?.addresses.find(({ family }) => family === 4);
    if (address === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) {
      throw usageError(`--probe can try TCP and UDP between IPv4 addresses, not ${cell.destination} ${cell.port}`);
    }
    return { podUid: pods.get(cell.source)?.uid ?? '', address: formatAddress(address), port: Number(port), protocol } as const;
  });
  const answers = await probeConnections({ cluster: by.cluster, probes, timeoutMs: by.timeoutMs });
  return cells.map((cell, i) => ({ ...cell, probed: answers[i] ?? 'error' }));
}

/** A refusal by the other end is an answer: the policies let the packets through. */
function differs({ computed, probed: answer }: Cell): boolean {
  if (answer === undefined || computed === 'unknown') return false;
  return computed === 'allow' ? answer === 'timeout' || answer === 'error' : answer !== 'timeout';
}

function renderMatrix(view: {
  cells: readonly Cell[];
  pods: readonly Endpoint[];
  ports: readonly MatrixPort[];
  differences: readonly Cell[];
  probed: boolean;
}): string {
  const { cells, pods, ports, differences } = view;
  const byKey = new Map(cells.map((cell) => [`${cell.source} ${cell.destination} ${cell.port}`, cell]));
  const tables = ports.map((port) => {
    const rows = pods.map((source) => [
      podName(source),
      ...pods.map((destination) => cellWord(byKey.get(`${podName(source)} ${podName(destination)} ${portText(port)}`))),
    ]);
    return `${portText(port)}\n${renderTable(['FROM \\ TO', ...pods.map(podName)], rows)}`;
  });
  const legend = view.probed ? 'computed/tried: + allowed, - denied, ? not known; ! where they differ' : '+ allowed, - denied, ? not known';
  return [...tables, legend, ...(view.probed ? [summaryOf(cells, differences)] : [])].join('\n\n');
}

function summaryOf(cells: readonly Cell[], differences: readonly Cell[]): string {
  const lines = differences.map(
    (cell) => `  ${cell.source} → ${cell.destination} ${cell.port}: computed ${cell.computed}, tried: ${cell.probed ?? ''}`,
  );
  return [`${cells.length} connections tried, ${differences.length} differ from the computed matrix`, ...lines].join('\n');
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

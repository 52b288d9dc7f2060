/**
 * What `weir matrix` does: who can talk to whom, by classes of equal ends; with `--port` also by single
 * pods, and with `--probe` tried with real connections.
 */
import { formatDiagnostic } from '@weir/kube';
import {
  type MatrixFilter,
  type MatrixReport,
  matrixCauses,
  matrixCsv,
  matrixDot,
  matrixHtml,
  matrixMarkdown,
  matrixMermaid,
  matrixToJson,
  reportMatrix,
  unknownNames,
} from '@weir/matrix';
import type { Endpoint } from '@weir/model';
import { nearestOf } from '@weir/net';
import { loadSnapshot, plainObject, type Snapshot } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode, notFoundError, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import type { Output } from '../output.ts';
import { drawMatrix } from '../reports/matrix-picture.ts';
import { matrixTable } from '../reports/matrix-table.ts';
import { chosenReading } from '../source-options.ts';
import { askedPorts, type CellMatrix, cellMatrix, cellsToJson, countCells, declaredPorts, renderCells } from './matrix-cells.ts';
import { differs, probeCells } from './matrix-probe.ts';

/** As many cells are in the JSON without being asked for. */
const unaskedCellsMax = 10_000;

/** The formats that are texts made from the report alone. */
const textFormats: Readonly<Record<string, (report: MatrixReport) => string>> = {
  table: matrixTable,
  csv: matrixCsv,
  md: matrixMarkdown,
  dot: matrixDot,
  mermaid: matrixMermaid,
};

/** Answers `weir matrix`. */
export async function runMatrix(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  const objects = await readObjects(options);
  for (const notice of objects.notices) output.notice(notice);
  const snapshot = loadSnapshot(objects.objects, chosenReading(options, objects));
  for (const diagnostic of snapshot.diagnostics) output.notice(formatDiagnostic(diagnostic));
  const namespaces = options.list('namespace');
  checkNamespaces(namespaces, objects);
  const include = (endpoint: Endpoint): boolean => namespaces.length === 0 || namespaces.includes(endpoint.namespace);
  const isFiltered = ['focus', 'from', 'to'].some((name) => options.list(name).length > 0);
  const asksForCells = options.flag('probe') || (options.list('port').length > 0 && !isFiltered);
  if (asksForCells && output.format === 'table') return await answerInCells(invocation, { objects, snapshot, include });
  const filter = filterOf(snapshot, options);
  const controllers = options.list('ingress-controller');
  checkNames(snapshot, controllers);
  const report = reportMatrix(snapshot, { include, filter, controllers, hosts: objects.hosts, exposure: options.flag('exposure') });
  const saysNothing = report.summary.pods === 0 && snapshot.policies.length > 0 && !options.flag('exposure');
  if (saysNothing && namespaces.length === 0)
    output.notice('there are policies among the objects and no pods: --exposure shows what they let through for pods that are elsewhere');
  if (!output.json) {
    output.result(await rendered(report, snapshot, output));
    return exitCode.done;
  }
  const cells = await cellsBeside(invocation, { objects, snapshot, include });
  const json = matrixToJson(report, cells === undefined ? undefined : cellsToJson(cells));
  output.resultJson(json);
  return failOnCode(options, { differences: (json.differences ?? 0) > 0 });
}

/** What Mermaid draws unless it is told to draw more (`maxEdges`). */
const mermaidMax = 500;

async function rendered(report: MatrixReport, snapshot: Snapshot, output: Output): Promise<string> {
  const render = textFormats[output.format];
  const lines = report.connections.length + report.unknown.length;
  if (output.format === 'mermaid' && lines > mermaidMax)
    output.notice(
      `Mermaid draws ${mermaidMax} lines, and these are ${lines}: raise maxEdges where it is drawn, or ask for a part with --focus`,
    );
  if (render !== undefined) return render(report);
  const picture = await drawMatrix(report);
  if (output.format === 'html') return matrixHtml(report, { picture, causes: matrixCauses(snapshot, report) });
  if (picture.about !== undefined) output.notice(picture.about);
  return picture.svg;
}

/** What the matrix is of. */
interface Asked {
  readonly objects: ObjectSource;
  readonly snapshot: Snapshot;
  readonly include: (endpoint: Endpoint) => boolean;
}

async function answerInCells(invocation: Invocation, asked: Asked): Promise<ExitCode> {
  const cells = await chosenCells(invocation, asked);
  invocation.output.result(renderCells(cells, invocation.options.flag('probe')));
  return failOnCode(invocation.options, { differences: cells.cells.some(differs) });
}

/** The cells that belong into the JSON: those that were asked for, and few ones anyway. */
async function cellsBeside(invocation: Invocation, asked: Asked): Promise<CellMatrix | undefined> {
  const { options } = invocation;
  if (options.list('port').length > 0 || options.flag('probe')) return await chosenCells(invocation, asked);
  const ports = declaredPorts(asked.snapshot, asked.include);
  const isFew = ports.length > 0 && countCells(asked.snapshot, { ports, include: asked.include }) <= unaskedCellsMax;
  return isFew ? cellMatrix(asked.snapshot, { ports, include: asked.include }) : undefined;
}

/** Every pair on the ports that were asked for, else on those that containers declare; tried where that was asked for. */
async function chosenCells({ options, output }: Invocation, { objects, snapshot, include }: Asked): Promise<CellMatrix> {
  const given = askedPorts(options.list('port'));
  const ports = given.length > 0 ? given : declaredPorts(snapshot, include);
  if (ports.length === 0) throw usageError('no container declares a port: say which to ask about with --port');
  const computed = cellMatrix(snapshot, { ports, include });
  if (!options.flag('probe')) return computed;
  if (objects.labCluster === undefined) throw usageError('--probe needs a cluster of the lab: choose it with --name');
  const timeoutMs = options.whole('timeout-ms', 1) ?? 1_000;
  return { ...computed, cells: await probeCells(computed.cells, { cluster: objects.labCluster, snapshot, timeoutMs, output }) };
}

function filterOf(snapshot: Snapshot, options: OptionValues): MatrixFilter {
  const [focus, from, to] = [options.list('focus'), options.list('from'), options.list('to')];
  const direction = options.text('direction') as MatrixFilter['direction'];
  if (direction !== undefined && focus.length === 0) throw usageError('--direction goes with --focus: say whose connections are meant');
  checkNames(snapshot, [...focus, ...from, ...to]);
  return { focus, from, to, ports: askedPorts(options.list('port')), ...(direction === undefined ? {} : { direction }) };
}

/** Refuses namespaces that no object is in or is. */
function checkNamespaces(names: readonly string[], { objects }: ObjectSource): void {
  if (names.length === 0) return;
  const known = new Set(
    objects.map(plainObject).map(({ kind, metadata: { namespace = 'default', name = '' } }) => (kind === 'Namespace' ? name : namespace)),
  );
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const nearest = nearestOf(unknown, known);
  throw notFoundError(`there is no namespace ${unknown}: ${nearest === undefined ? 'no object is in it' : `was ${nearest} meant?`}`);
}

function checkNames(snapshot: Snapshot, names: readonly string[]): void {
  const [unknown] = unknownNames(snapshot, names);
  if (unknown === undefined) return;
  const meant = unknown.nearest === undefined ? '' : `was ${unknown.nearest} meant? `;
  throw notFoundError(
    `there is no ${unknown.name}: ${meant}name a namespace, namespace/workload, namespace/pod, a node, or one of the words nodes and outside`,
  );
}

/** A migration's report as lines for people. */
import { migrationTitles } from './change-causes.ts';
import type { ChangedObject, FlowGroup, MeaningChange, MigrationReport } from './migration-report.ts';

/** How many groups of flows are shown for one change. */
const groupsShownMax = 4;

/** The lines. */
export function renderMigration(report: MigrationReport): string[] {
  const { from, to, compared, objects, obstacles, notes } = report;
  const changed = (kind: ChangedObject['kind']): number => objects.filter((object) => object.kind === kind).length;
  const policies = `${changed('NetworkPolicy')} of ${counted(compared.policies, 'policy', 'policies')}`;
  const services = `${changed('Service')} of ${counted(compared.services, 'service')}`;
  return [
    `${migrationTitles[from]} → ${migrationTitles[to]}: ${policies} and ${services} with another meaning`,
    `  compared: ${counted(compared.pods, 'pod')}, ${counted(compared.nodes, 'node')}, all ports`,
    `  no longer allowed: ${counted(report.pairs.lost, 'pair')} · newly allowed: ${counted(report.pairs.gained, 'pair')}`,
    ...obstacles.map((text) => `  in the way: ${text}`),
    ...notes.map((text) => `  mind: ${text}`),
    ...objects.flatMap(renderObject),
  ];
}

function renderObject({ kind, namespace, name, source, changes }: ChangedObject): string[] {
  const place = source === undefined ? '' : ` (${source.file}:${source.line})`;
  return ['', `${kind} ${namespace}/${name}${place}`, ...changes.flatMap(renderChange)];
}

function renderChange({ change, sentence, field, flows, omitted, pairs, family, cause }: MeaningChange): string[] {
  const what = change === 'lost' ? 'no longer allowed' : 'newly allowed';
  const over = family === 6 ? ' over IPv6' : '';
  const more = flows.length - groupsShownMax + omitted;
  return [
    `  ${what}${over}, ${counted(pairs, 'pair')} · ${cause}: ${sentence}${field === undefined ? '' : ` (${field})`}`,
    ...flows.slice(0, groupsShownMax).map(renderGroup),
    ...(more > 0 ? [`    and ${counted(more, 'more group')} of flows (all with -o json)`] : []),
  ];
}

function renderGroup({ sources, destinations, traffic, pairs, example }: FlowGroup): string {
  const such = example === undefined || pairs === 1 ? '' : `, such as ${example.source} → ${example.destination}`;
  const port = example === undefined ? '' : ` ${example.protocol}${example.port === undefined ? '' : `/${example.port}`}`;
  return `    ${sources} → ${destinations}: ${traffic}${such === '' ? '' : `${such}${port}`}`;
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

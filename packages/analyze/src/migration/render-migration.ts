/** A migration's report as lines for people. */
import type { FlowGroup } from '@weir/connectivity';
import { migrationTitles } from './change-causes.ts';
import type { ChangedObject, MeaningChange, MigrationReport, PatchedMeaning } from './migration-report.ts';
import type { PolicyPatch } from './propose-patches.ts';

/** How many groups of flows are shown for one change. */
const groupsShownMax = 4;

/** How many policies that are still different with the patches are shown. */
const remainingShownMax = 10;

/** The lines. */
export function renderMigration(report: MigrationReport): string[] {
  const { from, to, compared, objects, obstacles, notes } = report;
  const changedServices = objects.filter(({ kind }) => kind === 'Service').length;
  const policies = `${objects.length - changedServices} of ${counted(compared.policies, 'policy', 'policies')}`;
  const services = `${changedServices} of ${counted(compared.services, 'service')}`;
  return [
    `${migrationTitles[from]} → ${migrationTitles[to]}: ${policies} and ${services} with another meaning`,
    `  compared: ${counted(compared.pods, 'pod')}, ${counted(compared.nodes, 'node')}, all ports`,
    `  no longer allowed: ${counted(report.pairs.lost, 'pair')} · newly allowed: ${counted(report.pairs.gained, 'pair')}`,
    ...obstacles.map((text) => `  in the way: ${text}`),
    ...notes.map((text) => `  mind: ${text}`),
    ...objects.flatMap(renderObject),
    ...renderPatches(report),
  ];
}

function renderPatches({ patches, afterPatches }: MigrationReport): string[] {
  if (patches.length === 0) return [];
  return ['', 'Proposed patches', ...patches.flatMap(renderPatch), ...(afterPatches === undefined ? [] : renderAfter(afterPatches))];
}

function renderPatch({ namespace, name, edits, unpatched, added }: PolicyPatch): string[] {
  return [
    `  NetworkPolicy ${namespace}/${name}`,
    ...edits.map(({ field, what }) => `    ${field}: ${what}`),
    ...(added === undefined
      ? []
      : [
          `    beside it, once the new engine runs, ${added.policy.kind ?? ''} ${added.policy.metadata.name ?? ''}: ${added.what.join(', ')}`,
        ]),
    ...unpatched.map(({ cause, field, reason }) => `    not patched, ${cause}${field === undefined ? '' : ` (${field})`}: ${reason}`),
  ];
}

function renderAfter({ objects, pairs }: PatchedMeaning): string[] {
  const remaining = (change: MeaningChange['change']): string[] =>
    objects.flatMap(({ namespace, name, changes }) =>
      changes
        .filter((each) => each.change === change)
        .map((each) => `    ${nameOf({ namespace, name })}, ${counted(each.pairs, 'pair')} · ${each.cause}${firstFlow(each)}`),
    );
  return [
    `  with them, no longer allowed: ${counted(pairs.lost, 'pair')}`,
    ...shortened(remaining('lost')),
    `  with them, newly allowed: ${counted(pairs.gained, 'pair')}`,
    ...shortened(remaining('gained')),
  ];
}

function firstFlow({ flows }: MeaningChange): string {
  const [first] = flows;
  return first === undefined ? '' : `: ${first.sources} → ${first.destinations}: ${first.traffic}`;
}

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - remainingShownMax;
  return [...lines.slice(0, remainingShownMax), ...(more > 0 ? [`    and ${more} more (all with -o json)`] : [])];
}

function renderObject({ kind, namespace, name, source, changes }: ChangedObject): string[] {
  const place = source === undefined ? '' : ` (${source.file}:${source.line})`;
  return ['', `${kind} ${nameOf({ namespace, name })}${place}`, ...changes.flatMap(renderChange)];
}

function nameOf({ namespace, name }: Pick<ChangedObject, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

function renderChange({ change, before, after, sentence, field, flows, omitted, pairs, family, cause }: MeaningChange): string[] {
  const what = change === 'lost' ? 'no longer allowed' : 'newly allowed';
  const over = family === 6 ? ' over IPv6' : '';
  const more = flows.length - groupsShownMax + omitted;
  return [
    `  ${what}${over}, ${counted(pairs, 'pair')} · ${cause}: ${sentence}${field === undefined ? '' : ` (${field})`}`,
    ...flows.slice(0, groupsShownMax).map((group) => renderGroup(group, `${before} → ${after}`)),
    ...(more > 0 ? [`    and ${counted(more, 'more group')} of flows (all with -o json)`] : []),
  ];
}

function renderGroup({ sources, destinations, traffic, example }: FlowGroup, verdicts: string): string {
  const group = `    ${sources} → ${destinations}: ${traffic}`;
  if (example === undefined) return group;
  const port = example.port === undefined ? '' : `/${example.port}`;
  return `${group}, such as ${example.source} → ${example.destination} ${example.protocol}${port}: ${verdicts}`;
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

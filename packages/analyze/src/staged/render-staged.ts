/** A report about staged policies as lines for people. */
import type { ToldFlows } from '@weir/connectivity';
import type { PolicyRef } from '@weir/model';
import { describeObservation, type StagedEffect, type StagedReport } from './staged-report.ts';

/** How many groups of flows are shown of one policy, and how many observed flows. */
const shownMax = 8;

/** The lines. */
export function renderStaged({ policies, pairs, observed }: StagedReport): string[] {
  if (policies.length === 0) return ['no policy is staged'];
  return [
    `${counted(policies.length, 'staged policy', 'staged policies')}; all enforced: ${counted(pairs.lost, 'pair')} no longer allowed, ${counted(pairs.gained, 'pair')} newly allowed`,
    ...policies.flatMap(renderEffect),
    ...(observed.flows === 0
      ? []
      : [
          '',
          `${observed.changed.length} of ${counted(observed.flows, 'observed flow')} would be judged otherwise`,
          ...shortened(observed.changed.map((one) => `  ${describeObservation(one)}`)),
        ]),
  ];
}

function renderEffect({ policy, source, action, replaces, changes }: StagedEffect): string[] {
  const place = source === undefined ? '' : ` (${source.file}:${source.line})`;
  const what = action === 'Delete' ? ', for removal' : replaces === undefined ? '' : `, in place of ${nameOf(replaces)}`;
  return ['', `${nameOf(policy)}${what}${place}`, ...(changes.length === 0 ? ['  changes no flow'] : changes.flatMap(renderChange))];
}

function renderChange({ change, family, pairs, flows, omitted }: ToldFlows): string[] {
  const what = change === 'lost' ? 'no longer allowed' : 'newly allowed';
  const groups = flows.map(({ sources, destinations, traffic }) => `    ${sources} → ${destinations}: ${traffic}`);
  const more = omitted === 0 ? [] : [`    and ${counted(omitted, 'more group')} of flows`];
  return [`  ${what}${family === 6 ? ' over IPv6' : ''}, ${counted(pairs, 'pair')}`, ...shortened(groups), ...more];
}

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - shownMax;
  return [...lines.slice(0, shownMax), ...(more > 0 ? [`    and ${more} more (all with -o json)`] : [])];
}

function nameOf({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A rehearsal as lines for people. */
import type { ChanceFlow, MeasuredChange } from './measured-change.ts';
import type { Rehearsal, RehearsedEngine } from './rehearsal-outcome.ts';
import type { RehearsedFlow } from './rehearsal-probes.ts';

/** The lines. */
export function renderRehearsal({ pods, nodes, hosts, omittedPods, omittedKinds, limits, engines, changed, patched }: Rehearsal): string[] {
  const equal = omittedPods === 0 ? '' : `; ${omittedPods} more are left out${omittedKinds === 0 ? ', which are like them' : ''}`;
  return [
    '',
    `Rehearsed with ${plural(pods, 'pod')} on ${plural(nodes, 'node')} and ${hosts} address${hosts === 1 ? '' : 'es'} outside${equal}`,
    ...limits.map((limit) => `  not tried: ${limit}`),
    ...engines.flatMap((engine) => renderEngine(engine.engine, engine)),
    ...renderChange('', changed),
    ...(patched === undefined ? [] : [...renderEngine('with the patches', patched), ...renderChange('with the patches, ', patched)]),
  ];
}

function renderEngine(title: string, { tried, disagreements, faults }: Omit<RehearsedEngine, 'engine'>): string[] {
  return [
    `  ${title}: ${tried} connections tried, ${tried - disagreements.length} as computed from the manifests`,
    ...renderFlows(disagreements, disagreementOf),
    ...faults.map((fault) => `    the lab is not as the manifests have it: ${fault}`),
  ];
}

function disagreementOf({ computed, measured, inLab }: RehearsedFlow): string {
  const where = inLab === undefined ? '' : `, and the lab's own objects give ${inLab}`;
  return `computed ${computed}, tried: ${measured}${where}`;
}

function renderChange(when: string, { lost, gained, byChance }: MeasuredChange): string[] {
  return [
    `  ${when}no longer allowed: ${counted(lost.length)}`,
    ...renderFlows(lost, () => 'allow → deny'),
    `  ${when}newly allowed: ${counted(gained.length)}`,
    ...renderFlows(gained, () => 'deny → allow'),
    ...(byChance.length === 0 ? [] : [`  ${when}decided by the pod that a service draws: ${counted(byChance.length)}`]),
    ...renderFlows(byChance, ({ before, after }) => `${before} → ${after}`),
  ];
}

function counted(count: number): string {
  return plural(count, 'connection');
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

const flowsShownMax = 8;

function renderFlows<Flow extends RehearsedFlow | ChanceFlow>(flows: readonly Flow[], note: (flow: Flow) => string): string[] {
  const rest = flows.length - flowsShownMax;
  return [
    ...flows.slice(0, flowsShownMax).map((flow) => {
      const service = flow.protocol === 'ICMP' ? 'ICMP' : `${flow.protocol}/${flow.port}`;
      return `    ${flow.source} → ${flow.destination} ${service}${flow.family === 6 ? ' over IPv6' : ''}: ${note(flow)}`;
    }),
    ...(rest > 0 ? [`    and ${rest} more (all with -o json)`] : []),
  ];
}

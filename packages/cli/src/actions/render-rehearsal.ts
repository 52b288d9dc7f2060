/** A rehearsal as lines for people. */
import type { MeasuredChange, Rehearsal, RehearsedEngine } from './migrate-rehearsal.ts';
import type { RehearsedFlow } from './rehearsal-probes.ts';

/** The lines. */
export function renderRehearsal({ pods, nodes, hosts, omittedPods, omittedKinds, limits, engines, changed, patched }: Rehearsal): string[] {
  const equal = omittedPods === 0 ? '' : `; ${omittedPods} more are left out${omittedKinds === 0 ? ', which are like them' : ''}`;
  return [
    '',
    `Rehearsed with ${pods} pods on ${nodes} nodes and ${hosts} address${hosts === 1 ? '' : 'es'} outside${equal}`,
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

function renderChange(when: string, { lost, gained }: MeasuredChange): string[] {
  return [
    `  ${when}no longer allowed: ${counted(lost.length)}`,
    ...renderFlows(lost, () => 'allow → deny'),
    `  ${when}newly allowed: ${counted(gained.length)}`,
    ...renderFlows(gained, () => 'deny → allow'),
  ];
}

function counted(count: number): string {
  return `${count} connection${count === 1 ? '' : 's'}`;
}

const flowsShownMax = 8;

function renderFlows(flows: readonly RehearsedFlow[], note: (flow: RehearsedFlow) => string): string[] {
  const rest = flows.length - flowsShownMax;
  return [
    ...flows.slice(0, flowsShownMax).map((flow) => {
      const service = flow.protocol === 'ICMP' ? 'ICMP' : `${flow.protocol}/${flow.port}`;
      return `    ${flow.source} → ${flow.destination} ${service}${flow.family === 6 ? ' over IPv6' : ''}: ${note(flow)}`;
    }),
    ...(rest > 0 ? [`    and ${rest} more (all with -o json)`] : []),
  ];
}

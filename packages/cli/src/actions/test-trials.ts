/** Connections of assertions tried between ends of a cluster of the lab, beside what the evaluator says of them there. */
import type { AskedFlow, AssertionResult, DisagreementJson, RealRunJson } from '@weir/assertions';
import type { Probe, ProbeSource } from '@weir/lab';
import { describeService, type FlowEnd, type FlowQuestion, judgeQuestion, podName } from '@weir/model';
import { type Address, compareAddresses, formatAddress, protocolNumber } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Output } from '../output.ts';
import { isThrough, type Trial, tryProbes } from './probe-trials.ts';

/** Where to try. */
export interface TrialCluster {
  readonly name: string;
  /** The objects of the lab's cluster. */
  readonly snapshot: Snapshot;
  /** Machines outside. */
  readonly hosts: readonly { readonly name: string; readonly address: Address }[];
  readonly timeoutMs: number;
  readonly output: Output;
}

/** What came of trying. */
export type Trials = Omit<RealRunJson, 'engine' | 'cluster'>;

/** More connections are not tried. */
const triedMax = 20_000;

interface PlannedTrial extends Trial {
  readonly flow: AskedFlow;
}

/** Tries the connections of all assertions, each once. */
export async function tryAssertions(results: readonly AssertionResult[], cluster: TrialCluster): Promise<Trials> {
  const trials = new Map<string, PlannedTrial>();
  const untriedAssertions: string[] = [];
  let notTried = 0;
  for (const { assertion, plan } of results) {
    if (plan.kind === 'problem') continue;
    const flows = plan.checks.flatMap((check) => check.flows);
    let known = 0;
    for (const flow of flows) {
      const trial = trialOf(flow, cluster);
      const key = trial === undefined ? '' : JSON.stringify(trial.probe);
      if (trial === undefined || (!trials.has(key) && trials.size >= triedMax)) {
        notTried += 1;
        continue;
      }
      known += 1;
      trials.set(key, trial);
    }
    if (known === 0 && flows.length > 0) untriedAssertions.push(assertion.name);
  }
  const all = [...trials.values()];
  const { name, timeoutMs, output } = cluster;
  const answers = await tryProbes(all, { cluster: name, timeoutMs, output });
  const disagreements = all.flatMap(({ flow, computed }, at): DisagreementJson[] => {
    const measured = isThrough(answers[at] ?? 'error') ? 'allow' : 'deny';
    if (measured === computed) return [];
    return [{ source: flow.source.name, destination: flow.destination.name, service: describeService(flow.question), computed, measured }];
  });
  return { tried: all.length, notTried, untriedAssertions, disagreements };
}

function trialOf(flow: AskedFlow, cluster: TrialCluster): PlannedTrial | undefined {
  const { protocol, destinationPort } = flow.question;
  const transport = protocol === protocolNumber.TCP ? 'TCP' : protocol === protocolNumber.UDP ? 'UDP' : undefined;
  const family = flow.question.family;
  const [from, to] = [endIn(cluster, flow.question.source, family), endIn(cluster, flow.question.destination, family)];
  if (transport === undefined || destinationPort === undefined || from === undefined || to === undefined) return undefined;
  // Nobody answers on nodes over UDP, and a probe chooses its own source port.
  if ((transport === 'UDP' && to.end.kind === 'node') || flow.question.sourcePort !== undefined) return undefined;
  const question: FlowQuestion = { source: from.end, destination: to.end, protocol, destinationPort };
  const computed = judgeQuestion(cluster.snapshot.world, question);
  if (computed === 'unknown') return undefined;
  const probe: Probe = { source: from.source, address: formatAddress(to.address), port: destinationPort, protocol: transport };
  return { flow, probe, computed };
}

interface LabEnd {
  readonly end: FlowEnd;
  readonly address: Address;
  readonly source: ProbeSource;
}

/** The end of the lab that stands for one of the assertions. */
function endIn({ snapshot, hosts }: TrialCluster, end: FlowEnd, family: FlowQuestion['family']): LabEnd | undefined {
  const wanted = end.address?.family ?? family ?? 4;
  if (end.kind === 'address') {
    const host = hosts.find(({ address }) => compareAddresses(address, end.address) === 0);
    return host === undefined ? undefined : { end, address: end.address, source: { kind: 'host', name: host.name } };
  }
  const known =
    end.kind === 'endpoint' ? snapshot.endpoints.get(podName(end.endpoint)) : snapshot.nodes.find(({ name }) => name === end.node.name);
  const address = known?.addresses.find((each) => each.family === wanted);
  if (known === undefined || address === undefined) return undefined;
  if ('uid' in known) {
    const isRunning = snapshot.pods.get(podName(known))?.status?.phase === 'Running';
    return isRunning
      ? { end: { kind: 'endpoint', endpoint: known, address }, address, source: { kind: 'pod', uid: known.uid } }
      : undefined;
  }
  return { end: { kind: 'node', node: known, address }, address, source: { kind: 'node', name: known.name } };
}

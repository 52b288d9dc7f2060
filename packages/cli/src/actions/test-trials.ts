/** Connections of assertions tried between ends of a cluster of the lab, beside what the evaluator says of them there. */
import type { AskedFlow, AssertionResult, DisagreementJson, RealRunJson } from '@weir/assertions';
import type { Probe, ProbeSource } from '@weir/lab';
import { describeService, type FlowEnd, type FlowQuestion, judgeQuestion, podName } from '@weir/model';
import { type Address, compareAddresses, type Family, formatAddress, isIcmp, protocolNumber } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Output } from '../output.ts';
import { isThrough, type Trial, tryProbes } from './probe-trials.ts';

/** Where to try. */
export interface TrialCluster {
  readonly name: string;
  /** The objects of the lab's cluster. */
  readonly snapshot: Snapshot;
  /** What the assertions are about, where the cluster was made for them: what is judged otherwise there is no answer about it. */
  readonly original?: Snapshot;
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

/** The protocols that are tried by ports. */
const transports = new Map<number, 'TCP' | 'UDP' | 'SCTP'>([
  [protocolNumber.TCP, 'TCP'],
  [protocolNumber.UDP, 'UDP'],
  [protocolNumber.SCTP, 'SCTP'],
]);

function trialOf(flow: AskedFlow, cluster: TrialCluster): PlannedTrial | undefined {
  const { source, destination, family } = flow.question;
  const [from, to] = [endIn(cluster, source, family), endIn(cluster, destination, family)];
  if (from === undefined || to === undefined) return undefined;
  const tried = isIcmp(flow.question.protocol) ? echoOf(flow.question, to.address.family) : connectionOf(flow.question, to.end);
  if (tried === undefined) return undefined;
  const computed = judgeQuestion(cluster.snapshot.world, { source: from.end, destination: to.end, ...tried.question });
  if (computed === 'unknown') return undefined;
  const meant = cluster.original === undefined ? computed : judgeQuestion(cluster.original.world, { ...flow.question, ...tried.question });
  if (meant !== 'unknown' && meant !== computed) return undefined;
  return { flow, probe: { source: from.source, address: formatAddress(to.address), ...tried.probe }, computed };
}

interface Tried {
  readonly question: Omit<FlowQuestion, 'source' | 'destination'>;
  readonly probe: Pick<Probe, 'port' | 'protocol'>;
}

function connectionOf({ protocol, sourcePort, destinationPort }: FlowQuestion, to: FlowEnd): Tried | undefined {
  const transport = transports.get(protocol);
  // A probe chooses its own source port.
  if (transport === undefined || destinationPort === undefined || sourcePort !== undefined) return undefined;
  // Nobody answers on nodes over UDP.
  if (transport === 'UDP' && to.kind === 'node') return undefined;
  return { question: { protocol, destinationPort }, probe: { port: destinationPort, protocol: transport } };
}

/** Of ICMP, what kernels answer: a request for an echo. It stands for messages as a whole, too. */
function echoOf({ protocol, icmp }: FlowQuestion, family: Family): Tried | undefined {
  const request = { type: family === 4 ? 8 : 128, code: 0 };
  if (icmp !== undefined && (icmp.type !== request.type || icmp.code !== request.code)) return undefined;
  return { question: { protocol, icmp: request }, probe: { port: 0, protocol: 'ICMP' } };
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

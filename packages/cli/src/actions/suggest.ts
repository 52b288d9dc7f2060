/** What `weir suggest` does: policies from observed flows, or the audit of some. */
import {
  auditPolicies,
  describeConnection,
  FlowDigest,
  type ObservedConnections,
  type ObservedFlow,
  type PolicyAudit,
  policyAuditJson,
  type Suggestion,
  type SuggestionRequest,
  suggestionJson,
  suggestPolicies,
} from '@weir/flows';
import { formatCommentedManifest, formatDiagnostic } from '@weir/kube';
import type { EngineName, PolicyApi } from '@weir/model';
import type { LoadSnapshotOptions } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { flowFilterOf } from '../flow-options.ts';
import { openFlows } from '../flow-sources/open-flow-source.ts';
import { readManifestPaths } from '../manifest-files.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import { noticeCounts, readFlowFiles } from '../observed-flows.ts';
import type { Output } from '../output.ts';
import { chosenReading } from '../source-options.ts';

const apis: Readonly<Record<string, { readonly api: PolicyApi; readonly engine?: EngineName }>> = {
  kubernetes: { api: 'NetworkPolicy' },
  calico: { api: 'Calico', engine: 'calico' },
  cilium: { api: 'Cilium', engine: 'cilium' },
  'cluster-network-policy': { api: 'ClusterNetworkPolicy' },
};

/** So many lines of a list are shown. */
const shownMax = 10;

/** Answers `weir suggest`. */
export async function runSuggest(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  const source = await objectsOf(options, output);
  const { flows, omitted } = await flowsOf(options, output);
  if (flows.length === 0) output.notice('no flow was seen: there is nothing to go by');
  const { api = 'NetworkPolicy', engine } = apis[options.text('api') ?? ''] ?? {};
  const reading = chosenReading(options, engine === undefined ? source : { ...source, engine });
  const audited = options.list('audit');
  if (audited.length > 0) return audit(invocation, { source, flows, reading, paths: audited });
  const suggestion = suggestPolicies({ objects: source.objects, flows, reading, api, ...wishOf(options) });
  if (output.json) output.resultJson(suggestionJson(suggestion));
  else if (suggestion.objects.length > 0) output.result(formatCommentedManifest(suggestion.objects).trimEnd());
  for (const line of summaryOf(suggestion)) output.notice(line);
  return failOnCode(options, { denied: suggestion.notWritten.length > 0 || suggestion.notAllowed.length > 0 || omitted > 0 }, 'denied');
}

/** A log that has the labels of pods can do without a cluster or manifests. */
async function objectsOf(options: OptionValues, output: Output): Promise<ObjectSource> {
  try {
    const source = await readObjects(options);
    for (const notice of source.notices) output.notice(notice);
    return source;
  } catch (error) {
    const isChosen = options.list('manifests').length > 0 || ['kubeconfig', 'name'].some((name) => options.text(name) !== undefined);
    const isWithoutCluster = error instanceof CommandError && error.code === exitCode.usage && process.env['KUBECONFIG'] === undefined;
    if (isChosen || !isWithoutCluster || options.list('flows').length === 0) throw error;
    output.notice('there is no cluster, and no --manifests: pods are known by what the log tells of them alone');
    return { objects: [], hosts: new Map(), notices: [] };
  }
}

/** Flows that are alike are one: a log may be larger than memory. */
async function flowsOf(options: OptionValues, output: Output): Promise<FlowDigest> {
  const paths = options.list('flows');
  const { sinceMs } = flowFilterOf(options, Date.now());
  const isRecent = ({ time }: ObservedFlow): boolean => sinceMs === undefined || time === undefined || Date.parse(time) >= sinceMs;
  const digest = new FlowDigest();
  const addAll = (flows: readonly ObservedFlow[]): void => {
    for (const flow of flows) if (isRecent(flow)) digest.add(flow);
  };
  if (paths.length > 0) {
    noticeCounts(await readFlowFiles(paths, '--flows', addAll, sinceMs), output);
    return said(digest, output);
  }
  if (options.list('manifests').length > 0) throw usageError('manifests tell of no flows: give a recorded log with --flows');
  const { source, client } = await openFlows(options, { isFollowed: false, ...(sinceMs === undefined ? {} : { sinceMs }) });
  try {
    const lines = await source.take();
    for (const sentence of source.news()) output.notice(sentence);
    noticeCounts(source.counts, output);
    addAll(lines.flatMap(({ line }) => (line.kind === 'flow' ? [line.flow] : [])));
    return said(digest, output);
  } finally {
    source.close();
    client.close();
  }
}

function said(digest: FlowDigest, output: Output): FlowDigest {
  if (digest.omitted > 0)
    output.notice(`${digest.omitted} connections are left out: there are more different ones than are kept; narrow the log by time`);
  return digest;
}

function wishOf(options: OptionValues): Pick<SuggestionRequest, 'directions' | 'mergePrefixes' | 'namespaces' | 'defaultDeny'> {
  const direction = options.text('direction');
  const prefixes: { 4?: number; 6?: number } = {};
  for (const text of options.list('merge-cidr')) {
    const length = /^\/?(\d{1,3})$/.exec(text)?.[1];
    const bits = Number(length);
    if (length === undefined || bits < 8 || bits > 128)
      throw usageError(`--merge-cidr is the length of a prefix such as /24, or /64 for IPv6, not '${text}'`);
    prefixes[bits > 32 ? 6 : 4] = bits;
  }
  return {
    directions: direction === 'ingress' || direction === 'egress' ? [direction] : ['ingress', 'egress'],
    mergePrefixes: prefixes,
    namespaces: options.list('namespace'),
    defaultDeny: options.flag('default-deny'),
  };
}

function summaryOf({
  policies,
  leftAlone,
  notWritten,
  observed,
  withoutWords,
  notAllowed,
  byAddress,
  denied,
  wouldDeny,
  diagnostics,
}: Suggestion): string[] {
  const groups = wouldDeny.flows.flatMap(({ flows }) => flows.map((flow) => `${flow.sources} → ${flow.destinations}: ${flow.traffic}`));
  return [
    ...diagnostics.filter(({ severity }) => severity === 'error').map(formatDiagnostic),
    `${counted(policies.length, 'policy', 'policies')} from ${counted(observed.connections.length, 'connection')}${leftOutText(observed)}`,
    ...leftAlone.map((namespace) => `${namespace} gets no policies unless it is named: --namespace ${namespace}`),
    ...notWritten.flatMap(({ of, reasons }) => reasons.map((reason) => `${of} cannot be written: ${reason}`)),
    ...listed(
      'no rule could be made for',
      withoutWords.map(({ connection, reason }) => `${describeConnection(connection)}: ${reason}`),
    ),
    ...listed(
      'would not stay allowed',
      notAllowed.map(({ connection, reason }) => `${describeConnection(connection)}: ${reason}`),
    ),
    ...listed(
      'go to names, and get rules about their addresses',
      byAddress.map(({ connection, reason }) => `${describeConnection(connection)}: ${reason}`),
    ),
    ...listed('were denied, and get no rule', denied.map(describeConnection)),
    `${counted(wouldDeny.pairs, 'pair')} of ends that can talk now would no longer in full`,
    ...shortened([...new Set(groups)]),
    ...(wouldDeny.omitted > 0 ? [`  and what ${wouldDeny.omitted} more policies take away`] : []),
  ];
}

function leftOutText({ leftOut: { answers, self, ownNode, noPods } }: ObservedConnections): string {
  const parts = [
    ...(answers > 0 ? [`${answers} answers`] : []),
    ...(self > 0 ? [`${self} of pods to themselves`] : []),
    ...(ownNode > 0 ? [`${ownNode} between pods and their own nodes`] : []),
    ...(noPods > 0 ? [`${noPods} without a pod`] : []),
  ];
  return parts.length === 0 ? '' : `; flows left out: ${parts.join(', ')}`;
}

interface AuditParts {
  readonly source: ObjectSource;
  readonly flows: readonly ObservedFlow[];
  readonly reading: LoadSnapshotOptions;
  readonly paths: readonly string[];
}

function audit({ options, output }: Invocation, { source, flows, reading, paths }: AuditParts): ExitCode {
  const { objects: proposed, diagnostics } = readManifestPaths(paths, { strict: true, given: '--audit' });
  for (const diagnostic of diagnostics) output.notice(formatDiagnostic(diagnostic));
  const answer = auditPolicies({ objects: source.objects, proposed, flows, reading });
  for (const diagnostic of answer.diagnostics) output.notice(formatDiagnostic(diagnostic));
  if (output.json) output.resultJson(policyAuditJson(answer));
  else output.result(auditText(answer).join('\n'));
  return failOnCode(options, { denied: answer.denied.length > 0 });
}

function auditText({ observed, denied, allowed, unknown, unjudged }: PolicyAudit): string[] {
  const total = observed.connections.length;
  return [
    `${denied.length} of ${counted(total, 'connection')} would be denied${leftOutText(observed)}`,
    ...denied.flatMap(({ connection, now, reason }) => [
      `  ${describeConnection(connection)}`,
      `    ${reason}${now === 'deny' ? '; it is denied now, too' : ''}`,
    ]),
    ...listed(
      'were denied and would be let through',
      allowed.map(({ connection }) => describeConnection(connection)),
    ),
    ...listed(
      'cannot be judged',
      unknown.map(({ connection, reason }) => `${describeConnection(connection)}: ${reason}`),
    ),
    ...listed('have an end that nobody told of', unjudged.map(describeConnection)),
  ];
}

function listed(what: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${counted(lines.length, 'connection')}: ${what}`, ...shortened(lines)];
}

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - shownMax;
  return [...lines.slice(0, shownMax).map((line) => `  ${line}`), ...(more > 0 ? [`  and ${more} more (all with -o json)`] : [])];
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

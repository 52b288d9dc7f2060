/** `weir why SRC DST PORT[/PROTO]`: one flow, its verdict and the reason. */
import { explainFlow, type FlowRequest, loadSnapshot, type Snapshot } from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import { type EngineName, engineProfiles, type FlowVerdict, renderVerdict, verdictToJson } from '@weir/policy';
import type { Command, Invocation } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { type ObjectSource, readObjects, sourceOptions } from '../objects.ts';

/** `weir why`. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'Say whether one flow is allowed, and why',
  description:
    'SRC and DST are namespace/pod (or a pod name that occurs once), an address, a host of the lab, or as DST\n' +
    'namespace/service. The answer names the policies that isolate either end, the rule that decides, and for a\n' +
    'deny the label, port or namespace that would have matched.',
  positionals: 'SRC DST PORT[/PROTO]',
  positionalCount: { min: 3, max: 3 },
  options: {
    ...sourceOptions,
    profile: { type: 'string', values: Object.keys(engineProfiles), default: 'kubernetes', summary: 'judge like this engine' },
    all: { type: 'boolean', summary: 'show also the policies that do not apply, each with the reason' },
    'fail-on': { type: 'string', values: ['denied'], summary: 'exit code 1 when the flow is denied' },
  },
  examples: [
    'weir why demo/client demo/server 80',
    'weir why demo/client 203.0.113.10 443/TCP -o json',
    'weir why --manifests shop.yaml shop/frontend shop/database 5432 --fail-on denied',
  ],
  run: runWhy,
};

async function runWhy(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, output } = invocation;
  const [source = '', destination = '', portText = ''] = positionals;
  const port = parsePort(portText);
  const objects = await readObjects(options);
  const profile = engineProfiles[(options.text('profile') ?? 'kubernetes') as EngineName];
  const snapshot = loadSnapshot(objects.objects, { profile });
  for (const diagnostic of snapshot.diagnostics) output.notice(formatDiagnostic(diagnostic));
  const request: FlowRequest = {
    source: fullName(snapshot, objects, source),
    destination: fullName(snapshot, objects, destination),
    hosts: objects.hosts,
    ...port,
  };
  const verdicts = explained(snapshot, request);
  if (output.json)
    output.resultJson(verdicts.length === 1 && verdicts[0] !== undefined ? verdictToJson(verdicts[0]) : verdicts.map(verdictToJson));
  else output.result(verdicts.flatMap((verdict) => renderVerdict(verdict, { allPolicies: options.flag('all') })).join('\n'));
  const denied = verdicts.some((verdict) => verdict.verdict !== 'allow');
  return denied && options.text('fail-on') === 'denied' ? exitCode.no : exitCode.done;
}

function explained(snapshot: Snapshot, request: FlowRequest): readonly FlowVerdict[] {
  const explanation = explainFlow(snapshot, request);
  if (explanation.kind === 'answered') return explanation.verdicts;
  const code = explanation.code === 'not-found' ? exitCode.notFound : exitCode.usage;
  throw new CommandError(code, `${explanation.message}: ${explanation.action}`);
}

/** `80`, `53/UDP`, `icmp`. */
export function parsePort(text: string): Pick<FlowRequest, 'protocol' | 'port'> {
  if (/^icmp$/i.test(text)) return { protocol: 'ICMP' };
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65535) {
    throw usageError(`'${text}' is no port: write 80, 53/UDP, 9000/SCTP or icmp`);
  }
  return { port, protocol: (match[2]?.toUpperCase() ?? 'TCP') as 'TCP' | 'UDP' | 'SCTP' };
}

/** A bare pod name that occurs in one namespace only becomes `namespace/pod`. */
function fullName(snapshot: Snapshot, { hosts }: ObjectSource, text: string): string {
  if (text.includes('/') || hosts.has(text)) return text;
  const found = [...snapshot.pods.keys()].filter((key) => key.endsWith(`/${text}`));
  if (found.length > 1) throw usageError(`'${text}' is a pod in several namespaces: write one of ${found.join(', ')}`);
  return found[0] ?? text;
}

/** What `weir why` does: one flow, its verdict and the reason. */
import { explainFlow, type FlowRequest, loadSnapshot, type Snapshot } from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import { type FlowVerdict, renderVerdict, verdictToJson } from '@weir/model';
import type { Invocation } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import { parsePort } from '../port.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir why`. */
export async function runWhy(invocation: Invocation): Promise<ExitCode> {
  const { options, positionals, output } = invocation;
  const [source = '', destination = '', portText = ''] = positionals;
  const port = parsePort(portText);
  const objects = await readObjects(options);
  for (const notice of objects.notices) output.notice(notice);
  const snapshot = loadSnapshot(objects.objects, chosenReading(options, objects));
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

/** A bare pod name that occurs in one namespace only becomes `namespace/pod`. */
function fullName(snapshot: Snapshot, { hosts }: ObjectSource, text: string): string {
  if (text.includes('/') || hosts.has(text)) return text;
  const found = [...snapshot.pods.keys()].filter((key) => key.endsWith(`/${text}`));
  if (found.length > 1) throw usageError(`'${text}' is a pod in several namespaces: write one of ${found.join(', ')}`);
  return found[0] ?? text;
}

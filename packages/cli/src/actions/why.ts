/** What `weir why` does: one flow, its verdict and the reason, as one engine or as every one of them. */
import { explainFlow, type FlowRequest } from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import {
  describeDirection,
  describeEnd,
  describeService,
  type EngineName,
  engineProfiles,
  type FlowVerdict,
  renderVerdict,
  verdictToJson,
} from '@weir/model';
import { addToGroup } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { Invocation } from '../command.ts';
import { CommandError, type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import { renderTable } from '../output.ts';
import { parsePortOrName } from '../port.ts';
import { chosenReading } from '../source-options.ts';
import type { WhyJson, WhyProfilesJson } from './why-json.ts';

/** Answers `weir why`. */
export async function runWhy(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  if (options.flag('both') && options.text('profile') !== undefined) throw usageError('--both shows every profile: leave --profile out');
  const objects = await readObjects(options);
  for (const notice of objects.notices) output.notice(notice);
  const verdicts = options.flag('both') ? answerAsAll(invocation, objects).flat() : answerAsOne(invocation, objects);
  return failOnCode(options, {
    denied: verdicts.some(({ verdict }) => verdict !== 'allow'),
    allowed: verdicts.some(({ verdict }) => verdict !== 'deny'),
  });
}

function answerAsOne({ options, positionals, output }: Invocation, objects: ObjectSource): readonly FlowVerdict[] {
  const snapshot = loadSnapshot(objects.objects, chosenReading(options, objects));
  for (const diagnostic of snapshot.diagnostics) output.notice(formatDiagnostic(diagnostic));
  const verdicts = explained(snapshot, objects, positionals);
  if (output.json) output.resultJson(toJson(verdicts));
  else output.result(renderVerdicts(verdicts, options.flag('all')).join('\n'));
  return verdicts;
}

/** Each verdict; of those with the same reasons, as equal pods have them, the first, with the names of the others. */
function renderVerdicts(verdicts: readonly FlowVerdict[], allPolicies: boolean): string[] {
  const alike = new Map<string, FlowVerdict[]>();
  for (const verdict of verdicts) addToGroup(alike, reasonsOf(verdict), verdict);
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const shown = others.slice(0, alikeMax).map(({ question }) => `  ${describeFlow(question)}`);
    const more = others.length > alikeMax ? [`  and ${others.length - alikeMax} more`] : [];
    return [
      ...renderVerdict(first, { allPolicies }),
      ...(others.length === 0 ? [] : ['the same, for the same reasons:', ...shown, ...more]),
    ];
  });
}

/** So many flows are named that are like another one. */
const alikeMax = 8;

/** Texts that are equal exactly for flows with the same verdict for the same reasons. */
function reasonsOf({ verdict, egress, ingress, hosts, missing, question }: FlowVerdict): string {
  const direct = ({ verdict: own, decidedBy, isolatedBy }: FlowVerdict['egress']): unknown => [own, decidedBy, isolatedBy];
  const kinds = [question.source.kind, question.destination.kind, question.destinationPort];
  return JSON.stringify([verdict, direct(egress), direct(ingress), hosts.map(direct), missing.length, kinds]);
}

/** Each engine's verdicts, in the order of the profiles. */
function answerAsAll({ options, positionals, output }: Invocation, objects: ObjectSource): readonly (readonly FlowVerdict[])[] {
  const reading = chosenReading(options, objects);
  const told = new Map<string, string[]>();
  const answers = Object.values(engineProfiles).map((profile) => {
    const snapshot = loadSnapshot(objects.objects, { ...reading, profile });
    for (const diagnostic of snapshot.diagnostics) {
      const text = formatDiagnostic(diagnostic);
      addToGroup(told, text, profile.name);
    }
    return { profile: profile.name, verdicts: explained(snapshot, objects, positionals) };
  });
  for (const [text, names] of told) output.notice(names.length === answers.length ? text : `${names.join(', ')}: ${text}`);
  if (output.json) {
    const profiles = answers.map(({ profile, verdicts }) => [profile, toJson(verdicts)] as const);
    const agree = new Set(answers.map(({ verdicts }) => verdicts.map(({ verdict }) => verdict).join())).size === 1;
    output.resultJson({ agree, profiles: Object.fromEntries(profiles) as WhyProfilesJson['profiles'] } satisfies WhyProfilesJson);
  } else output.result(renderSideBySide(answers));
  return answers.map(({ verdicts }) => verdicts);
}

function toJson(verdicts: readonly FlowVerdict[]): WhyJson {
  const [first, ...others] = verdicts;
  return first !== undefined && others.length === 0 ? verdictToJson(first) : verdicts.map(verdictToJson);
}

/** A table for each flow that was asked about: one, or as many as a service has backends. */
function renderSideBySide(answers: readonly { readonly profile: EngineName; readonly verdicts: readonly FlowVerdict[] }[]): string {
  const flows = answers[0]?.verdicts ?? [];
  const tables = flows.map(({ question }, at) => {
    const rows = answers.flatMap(({ profile, verdicts }) => {
      const verdict = verdicts[at];
      return verdict === undefined
        ? []
        : [[profile, verdict.verdict, describeDirection(verdict.egress), describeDirection(verdict.ingress)]];
    });
    const title = describeFlow(question);
    const missing = [...new Set(answers.flatMap(({ verdicts }) => verdicts[at]?.missing ?? []))].map((fact) => `not known: ${fact}`);
    return [title, renderTable(['PROFILE', 'VERDICT', 'EGRESS', 'INGRESS'], rows), ...missing].join('\n');
  });
  return tables.join('\n\n');
}

function describeFlow(question: FlowVerdict['question']): string {
  return `${describeEnd(question.source)} → ${describeEnd(question.destination)} ${describeService(question)}`;
}

function explained(
  snapshot: Snapshot,
  objects: ObjectSource,
  [source = '', destination = '', port = '']: readonly string[],
): readonly FlowVerdict[] {
  const request: FlowRequest = {
    source,
    destination,
    hosts: objects.hosts,
    ...parsePortOrName(port),
  };
  const explanation = explainFlow(snapshot, request);
  if (explanation.kind === 'answered') return explanation.verdicts;
  const code = explanation.code === 'not-found' ? exitCode.notFound : exitCode.usage;
  throw new CommandError(code, `${explanation.message}: ${explanation.action}`);
}

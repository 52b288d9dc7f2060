/** `az aks command …`: a command inside a cluster, without a kubeconfig. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { isJsonObject, type JsonObject, numberAt, objectAt, textAt, writeZip } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument } from '../command-line/argument.ts';
import { type AzCommand, type AzInvocation, noWait } from '../command-line/az-command.ts';
import { aksVersion, commandResultShape } from '../models/managed-cluster-shape.ts';
import { shaped } from '../models/resource-shape.ts';
import type { ArmAnswer, ArmClient } from '../session/arm-client.ts';
import { clusterNamed } from './cluster-arguments.ts';
import { namedCluster } from './cluster-requests.ts';
import { commandResultTable } from './cluster-tables.ts';

/** az gives up after so long. */
const patienceMs = 300_000;

/** The commands. */
export const commandCommands: readonly AzCommand[] = [
  {
    words: 'aks command invoke',
    summary: 'Run a command in a managed cluster',
    arguments: [
      ...clusterNamed,
      argument('--command -c', 'The command'),
      argument('--file -f', 'A file that the command uses; again for another', { repeats: true }),
      noWait,
    ],
    table: commandResultTable,
    run: async (invocation) => {
      const { given, terminal } = invocation;
      const command = given.text('command') ?? '';
      const arm = await invocation.arm();
      await arm.get(namedCluster(given), aksVersion);
      if (command === '') throw refused('Command cannot be empty.');
      const body = { command, context: contextOf(given.texts('file') ?? []) };
      const answer = await arm.send({ method: 'POST', path: `${namedCluster(given)}/runCommand`, version: aksVersion, body });
      if (!given.flag('noWait')) return shown(invocation, (await ended(arm, answer)).json);
      const id = /commandResults\/(\w*)\?/.exec(answer.headers['location'] ?? '')?.[1] ?? '';
      terminal.print(stillRunning(invocation, answer, id));
      return undefined;
    },
  },
  {
    words: 'aks command result',
    summary: 'Tell what a command in a managed cluster came to',
    arguments: [...clusterNamed, argument('--command-id -i', 'What aks command invoke --no-wait has said', { isRequired: true })],
    table: commandResultTable,
    run: async (invocation) => {
      const { given } = invocation;
      const id = given.required('commandId');
      if (id === '') throw refused('CommandID cannot be empty.');
      const path = `${namedCluster(given)}/commandResults/${encodeURIComponent(id)}`;
      const answer = await (await invocation.arm()).send({ method: 'GET', path, version: aksVersion });
      if (answer.status !== 202) return shown(invocation, answer.json);
      invocation.terminal.print(stillRunning(invocation, answer, id));
      return undefined;
    },
  },
];

/** The result itself when an output was asked for; otherwise what a person wants to read of it. */
function shown({ given, terminal }: AzInvocation, document: unknown): unknown {
  const result = shaped(document, commandResultShape);
  if (given.has('output')) return result;
  const state = textAt(result, 'provisioningState');
  if (state === 'Succeeded') {
    const [from, to, code] = [timeAt(result, 'startedAt'), timeAt(result, 'finishedAt'), numberAt(result, 'exitCode') ?? 0];
    terminal.print(`command started at ${from}, finished at ${to} with exitcode=${code}\n${textAt(result, 'logs')}\n`);
  } else {
    terminal.print(state === 'Failed' ? `command failed with reason: ${textAt(result, 'reason')}\n` : `command is in ${state} state\n`);
  }
  return undefined;
}

/** Asks for the result until it says itself that it is one. */
async function ended(arm: ArmClient, first: ArmAnswer): Promise<ArmAnswer> {
  const { location } = first.headers;
  if (location === undefined) return first;
  for (const deadlineMs = Date.now() + patienceMs; ; ) {
    const answer = await arm.send({ method: 'GET', path: location });
    if (answer.status !== 202 && !['', 'running', 'creating', 'inprogress'].includes(stateOf(answer).toLowerCase())) return answer;
    if (Date.now() > deadlineMs) return answer;
    await arm.pause(Number(answer.headers['retry-after']) * 1_000 || 1_000);
  }
}

function stateOf({ json }: ArmAnswer): string {
  return isJsonObject(json) ? textAt(objectAt(json, 'properties'), 'provisioningState') : '';
}

function stillRunning({ given }: AzInvocation, { json }: ArmAnswer, id: string): string {
  const properties = isJsonObject(json) ? objectAt(json, 'properties') : undefined;
  const [started, state] = [timeAt(properties, 'startedAt'), textAt(properties, 'provisioningState') || 'Running'];
  const [group, name] = [given.required('resourceGroup'), given.required('name')];
  return [
    `command id: ${id}, started at: ${started}, status: ${state}`,
    `Please use command "az aks command result -g ${group} -n ${name} -i ${id}" to get the future execution result`,
    '',
  ].join('\n');
}

/** A time as az prints it within a sentence: with a space in the middle, microseconds where there are any, and the zone in full. */
function timeAt(result: JsonObject | undefined, field: string): string {
  const at = new Date(textAt(result, field));
  if (Number.isNaN(at.getTime())) return 'None';
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$/, 'Z')
    .replace(/(\.\d{3})Z$/, '$1000Z')
    .replace('Z', '+00:00');
}

/** The files as the server takes them: a zip archive in base64; empty without files. */
function contextOf(files: readonly string[]): string {
  if (files.length === 0) return '';
  if (files.includes('.')) throw refused('A whole directory cannot be sent: name its files, each with --file.');
  const entries = files.map((file) => {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw refused(`${file} is not valid file, or not accessable.`);
    return { name: basename(file), content: readFileSync(file) };
  });
  return Buffer.from(writeZip(entries)).toString('base64');
}

/** patch and label: one resource that is there is changed. */
import { CalicoctlError } from '../calicoctl-error.ts';
import { namedResources, placed } from '../resources/named-resources.ts';
import type { ResourceName } from '../store/calico-store.ts';
import { patchResource, replaceResource } from '../store/resource-actions.ts';
import { type CalicoctlCommand, type CommandContext, connectionOptions, namespaceOption } from './calicoctl-command.ts';

export const patchCommand: CalicoctlCommand = {
  name: 'patch',
  summary: 'Change parts of a resource',
  usage: '<KIND> <NAME> --patch=<PATCH> [--type=<TYPE>] [--namespace=<NS>]',
  options: [
    { name: 'patch', short: 'p', placeholder: 'PATCH', summary: 'the change, as JSON' },
    { name: 'type', short: 't', placeholder: 'TYPE', summary: 'accepted: every patch merges maps and replaces lists' },
    namespaceOption,
    ...connectionOptions,
  ],
  run: async (context) => {
    const { words, streams } = context;
    const text = words.text('patch');
    if (text === undefined) throw misused('patch', context);
    const wanted = await oneResource('patch', context, 2);
    try {
      await patchResource(await context.store(), wanted, parsed(text));
    } catch (error) {
      if (error instanceof CalicoctlError) throw new CalicoctlError(`hit error: ${error.message}`);
      throw error;
    }
    streams.stdout.write(`Successfully patched 1 '${wanted.kind.kind}' resource\n`);
  },
};

export const labelCommand: CalicoctlCommand = {
  name: 'label',
  summary: 'Add, change or remove a label of a resource',
  usage: '<KIND> <NAME> ( <key>=<value> [--overwrite] | <key> --remove ) [--namespace=<NS>]',
  options: [
    { name: 'overwrite', summary: 'a label that is there gets the new value' },
    { name: 'remove', summary: 'the label is taken away' },
    namespaceOption,
    ...connectionOptions,
  ],
  run: async (context) => {
    const { words, streams } = context;
    const wanted = await oneResource('label', context, 3);
    const [kind = '', name = '', label = ''] = words.positionals;
    const subject = `${kind} ${name}`;
    const store = await context.store();
    const resource = await store.get(wanted);
    const change = changedLabels(resource.metadata.labels ?? {}, { label, subject, context });
    await replaceResource(store, wanted, { ...resource, metadata: { ...resource.metadata, labels: change.labels } });
    streams.stdout.write(`Successfully ${change.told} ${subject}\n`);
  },
};

interface LabelChange {
  readonly label: string;
  readonly subject: string;
  readonly context: CommandContext;
}

function changedLabels(
  labels: Readonly<Record<string, string>>,
  { label, subject, context: { words } }: LabelChange,
): { readonly labels: Readonly<Record<string, string>>; readonly told: string } {
  if (words.flag('remove')) {
    if (labels[label] === undefined) throw new CalicoctlError(`cannot remove label of ${subject}, key ${label} does not exist`);
    const { [label]: _gone, ...rest } = labels;
    return { labels: rest, told: `removed label ${label} from` };
  }
  const parts = label.split('=');
  const [key = '', value = ''] = parts;
  if (parts.length !== 2) throw new CalicoctlError(`invalid label ${label}`);
  const present = labels[key];
  if (present !== undefined && present !== value && !words.flag('overwrite')) {
    throw new CalicoctlError(
      `failed to update label of ${subject}, key ${key} is already present. please use '--overwrite' to set a new value.`,
    );
  }
  return { labels: { ...labels, [key]: value }, told: `${present === undefined ? 'set' : 'updated'} label ${key} on` };
}

async function oneResource(command: string, context: CommandContext, count: number): Promise<ResourceName> {
  const { words } = context;
  if (words.positionals.length !== count) throw misused(command, context);
  const [named] = await namedResources({ ...context, words: { ...words, positionals: words.positionals.slice(0, 2) } });
  if (named === undefined) throw misused(command, context);
  return placed(context, named);
}

function misused(command: string, { words }: CommandContext): CalicoctlError {
  const line = ['calicoctl', command, ...words.positionals].join(' ');
  return new CalicoctlError(`invalid option: '${line}'. Use flag '--help' to read about a specific subcommand.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Told with the text: the position that JSON.parse gives is of no help in a shell.
    throw new CalicoctlError(`the patch is no JSON: ${text}`);
  }
}

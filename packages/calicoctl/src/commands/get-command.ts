/** get: one, some or all of a kind, as tables, YAML or JSON. */
import type { JsonObject } from '@weir/kube';
import { CalicoctlError } from '../calicoctl-error.ts';
import { jsonText, yamlText } from '../output/print-objects.ts';
import { type TableStyle, tableText } from '../output/print-table.ts';
import { namedResources, placed } from '../resources/named-resources.ts';
import type { Resource, ResourceKind } from '../resources/resource-kinds.ts';
import { getOrList } from '../store/resource-actions.ts';
import { type CalicoctlCommand, connectionOptions, fileOptions, namespaceOption } from './calicoctl-command.ts';

type Format = TableStyle | { readonly kind: 'yaml' } | { readonly kind: 'json' };

interface Found {
  readonly kind: ResourceKind;
  readonly value: JsonObject;
}

export const getCommand: CalicoctlCommand = {
  name: 'get',
  summary: 'Show resources by kind and name or by files',
  usage: '( <KIND> [<NAME>...] | --filename=<FILENAME> ) [--output=<OUTPUT>] [--namespace=<NS>] [--all-namespaces] [--export]',
  options: [
    ...fileOptions,
    { name: 'output', short: 'o', placeholder: 'OUTPUT', summary: 'yaml, json, ps, wide, custom-columns=…; default: ps' },
    namespaceOption,
    { name: 'all-namespaces', short: 'A', summary: 'of all namespaces' },
    { name: 'export', summary: 'without what only this cluster knows of them' },
    ...connectionOptions,
  ],
  run: async (context) => {
    const { words, streams } = context;
    const format = formatOf(words.text('output') ?? 'ps');
    const found: Found[] = [];
    const errors: string[] = [];
    for (const named of await namedResources(context)) {
      try {
        const wanted = placed(context, named);
        const value = await getOrList(await context.store(), wanted);
        found.push({ kind: wanted.kind, value: words.flag('export') && wanted.name !== '' ? exported(value) : value });
      } catch (error) {
        if (!(error instanceof CalicoctlError)) throw error;
        errors.push(error.message);
      }
    }
    const showsNamespace = words.flag('all-namespaces') || (words.text('namespace') ?? '') !== '';
    streams.stdout.write(textOf(found, format, showsNamespace));
    if (errors.length > 0) throw new CalicoctlError(errors.join('\n'));
  },
};

function formatOf(text: string): Format {
  const [key = '', ...values] = text.split('=');
  const value = values.join('=');
  switch (key) {
    case 'ps':
      return { kind: 'ps' };
    case 'wide':
      return { kind: 'wide' };
    case 'yaml':
    case 'yml':
      return { kind: 'yaml' };
    case 'json':
      return { kind: 'json' };
    case 'custom-columns':
      if (value === '') throw new CalicoctlError('need to specify at least one column');
      return { kind: 'custom', headings: value.split(',') };
    case 'go-template':
    case 'go-template-file':
      throw new CalicoctlError(`output format '${key}' is not supported here: there is no Go in weir; use -o json`);
    default:
      throw new CalicoctlError(`unrecognized output format '${text}'`);
  }
}

function textOf(found: readonly Found[], format: Format, showsNamespace: boolean): string {
  if (format.kind === 'yaml') return yamlText(found.map(({ value }) => value));
  if (format.kind === 'json') return jsonText(found.map(({ value }) => value));
  return found.map(({ kind, value }) => tableText(kind, objectsIn(value), { ...format, showsNamespace })).join('');
}

function objectsIn(value: JsonObject): readonly Resource[] {
  return (Array.isArray(value['items']) ? value['items'] : [value]) as readonly Resource[];
}

function exported(value: JsonObject): JsonObject {
  const known = ['namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'];
  const metadata = Object.entries(value['metadata'] as object).filter(([key]) => !known.includes(key));
  return { ...value, metadata: Object.fromEntries(metadata) };
}

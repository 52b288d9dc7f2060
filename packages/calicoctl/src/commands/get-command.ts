/** get: one, some or all of a kind, as tables, YAML, JSON or by a template. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '@weir/kube';
import { CalicoctlError } from '../calicoctl-error.ts';
import { parseTemplate } from '../output/go-template/parse-template.ts';
import { runTemplate } from '../output/go-template/run-template.ts';
import { templateFunctions } from '../output/go-template/template-functions.ts';
import type { Template } from '../output/go-template/template-syntax.ts';
import { goScalar } from '../output/go-text.ts';
import { jsonText, yamlText } from '../output/print-objects.ts';
import { type TableStyle, tableText } from '../output/print-table.ts';
import { namedResources, placed } from '../resources/named-resources.ts';
import { kindOf, type Resource, type ResourceKind } from '../resources/resource-kinds.ts';
import { getOrList } from '../store/resource-actions.ts';
import { type CalicoctlCommand, type CommandContext, connectionOptions, fileOptions, namespaceOption } from './calicoctl-command.ts';

type Format =
  | TableStyle
  | { readonly kind: 'yaml' }
  | { readonly kind: 'json' }
  | { readonly kind: 'template'; readonly template: Template };

/** The first of those that are for private use. */
const usualAsNumber = '64512';

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
    {
      name: 'output',
      short: 'o',
      placeholder: 'OUTPUT',
      summary: 'yaml, json, ps, wide, custom-columns=…, go-template=…, go-template-file=…; default: ps',
    },
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
    const asNumber = format.kind === 'template' ? await asNumberOf(context) : '';
    streams.stdout.write(textOf(found, format, { showsNamespace, asNumber }));
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
      if (value === '') throw new CalicoctlError('need to specify a template');
      return { kind: 'template', template: parseTemplate(value) };
    case 'go-template-file':
      if (value === '') throw new CalicoctlError('need to specify a template file');
      return { kind: 'template', template: parseTemplate(readTemplate(value)) };
    default:
      throw new CalicoctlError(`unrecognized output format '${text}'`);
  }
}

/** That of the cluster, for nodes that have none of their own. */
async function asNumberOf(context: CommandContext): Promise<string> {
  const kind = kindOf('BGPConfiguration');
  const store = await context.store();
  const items = kind === undefined ? [] : (await store.list({ kind, namespace: '' })).items;
  return goScalar(items.find(({ metadata }) => metadata.name === 'default')?.spec?.['asNumber'], usualAsNumber);
}

interface TextOptions {
  readonly showsNamespace: boolean;
  /** What templates are told of the cluster. */
  readonly asNumber: string;
}

function textOf(found: readonly Found[], format: Format, { showsNamespace, asNumber }: TextOptions): string {
  if (format.kind === 'yaml') return yamlText(found.map(({ value }) => value));
  if (format.kind === 'json') return jsonText(found.map(({ value }) => value));
  if (format.kind === 'template') {
    const functions = templateFunctions((name) => {
      if (name.toLowerCase() === 'asnumber') return asNumber;
      throw new CalicoctlError(`error calling config: unhandled config type ${name}`);
    });
    return runTemplate(
      format.template,
      found.map(({ value }) => value),
      functions,
    );
  }
  return found.map(({ kind, value }) => tableText(kind, objectsIn(value), { ...format, showsNamespace })).join('');
}

function readTemplate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CalicoctlError(`open ${file}: ${code === 'ENOENT' ? 'no such file or directory' : message}`);
  }
}

function objectsIn(value: JsonObject): readonly Resource[] {
  return (Array.isArray(value['items']) ? value['items'] : [value]) as readonly Resource[];
}

function exported(value: JsonObject): JsonObject {
  const known = ['namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'];
  const metadata = Object.entries(value['metadata'] as object).filter(([key]) => !known.includes(key));
  return { ...value, metadata: Object.fromEntries(metadata) };
}

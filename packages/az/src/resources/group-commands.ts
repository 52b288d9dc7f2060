/** `az group`: resource groups. */
import { isJsonObject, type JsonObject, textAt } from '@weir/kube';
import { argument } from '../command-line/argument.ts';
import { type AzCommand, location, noWait, subscription, tags, yes } from '../command-line/az-command.ts';
import { genericUpdate, updateGenerically } from '../command-line/generic-update.ts';
import { pairsOf } from '../command-line/tag-values.ts';
import { waitCommand } from '../command-line/wait-command.ts';
import { pathPart } from '../models/path-part.ts';
import { shaped } from '../models/resource-shape.ts';
import { pythonText } from '../output/print-tsv.ts';
import { endOf } from '../session/long-operation.ts';
import { groupShape, resourcesVersion } from './group-shape.ts';

const groupForm = { isRequired: true, configuredDefault: 'group' } as const;
const newGroup = argument('--name --resource-group -n -g', 'Name of the resource group', groupForm);
const group = argument('--name -n --resource-group -g', 'Name of the resource group', groupForm);

/** The commands. */
export const groupCommands: readonly AzCommand[] = [
  {
    words: 'group create',
    summary: 'Create a resource group, or change its tags',
    arguments: [
      newGroup,
      { ...location, isRequired: true },
      argument('--managed-by', 'Id of the resource that manages it'),
      tags,
      subscription,
    ],
    examples: ['az group create --location canadaeast --name myResourceGroup'],
    run: async ({ given, arm }) => {
      const wished = given.texts('tags');
      const body = {
        location: regionName(given.required('location')),
        ...(wished === undefined ? {} : { tags: pairsOf(wished) }),
        ...(given.has('managedBy') ? { managedBy: given.text('managedBy') } : {}),
      };
      const answer = await (await arm()).send({ method: 'PUT', path: groupPath(given.required('name')), version: resourcesVersion, body });
      return shaped(answer.json, groupShape);
    },
  },
  {
    words: 'group show',
    summary: 'Show a resource group',
    arguments: [group, subscription],
    run: async ({ given, arm }) => shaped(await (await arm()).get(groupPath(given.required('name')), resourcesVersion), groupShape),
  },
  {
    words: 'group list',
    summary: 'List resource groups',
    arguments: [argument('--tag', 'Only those with this key[=value]'), subscription],
    table: (result) => (Array.isArray(result) ? result.filter(isJsonObject).map(groupRow) : []),
    run: async ({ given, arm }) => {
      const filter = tagFilter(given.text('tag') ?? '');
      const path = filter === '' ? '/resourcegroups' : `/resourcegroups?$filter=${encodeURIComponent(filter)}`;
      return (await (await arm()).list(path, resourcesVersion)).map((each) => shaped(each, groupShape));
    },
  },
  {
    words: 'group exists',
    summary: 'Tell whether there is a resource group',
    arguments: [group, subscription],
    run: async ({ given, arm }) => {
      const { status } = await (await arm()).ask({ method: 'HEAD', path: groupPath(given.required('name')), version: resourcesVersion });
      return status === 204;
    },
  },
  {
    words: 'group update',
    summary: 'Change a resource group',
    arguments: [group, tags, ...genericUpdate, subscription],
    run: async ({ given, arm, terminal }) => {
      const client = await arm();
      const path = groupPath(given.required('name'));
      const document = shaped(await client.get(path, resourcesVersion), groupShape);
      const wished = given.texts('tags');
      if (wished !== undefined) document['tags'] = pairsOf(wished);
      updateGenerically(given, { document, warn: (text) => terminal.warn(text) });
      const { properties: _, id: __, name: ___, type: ____, ...body } = document;
      const answer = await client.send({ method: 'PUT', path, version: resourcesVersion, body: { ...body, tags: tagTexts(body['tags']) } });
      return shaped(answer.json, groupShape);
    },
  },
  {
    words: 'group delete',
    summary: 'Delete a resource group, with all clusters in it',
    arguments: [group, yes, noWait, subscription],
    confirmation: 'Are you sure you want to perform this operation?',
    run: async ({ given, arm }) => {
      const client = await arm();
      const answer = await client.send({ method: 'DELETE', path: groupPath(given.required('name')), version: resourcesVersion });
      if (!given.flag('noWait')) await endOf(client, answer, false);
      return undefined;
    },
  },
  waitCommand('group wait', [group, subscription], async ({ given, arm }) => {
    return (await arm()).ask({ method: 'GET', path: groupPath(given.required('name')), version: resourcesVersion });
  }),
];

/** Values of tags are texts, whatever `--set` made of them. */
function tagTexts(values: unknown): unknown {
  return isJsonObject(values) ? Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pythonText(value)])) : values;
}

/** The path of a group below the subscription. */
export function groupPath(name: string): string {
  return `/resourcegroups/${pathPart(name, 'resource group')}`;
}

/** `Canada East` is `canadaeast`. */
export function regionName(text: string): string {
  return text.toLowerCase().replaceAll(' ', '');
}

function groupRow({ name, location: region, properties }: JsonObject): object {
  return { name, location: region, status: isJsonObject(properties) ? textAt(properties, 'provisioningState') : '' };
}

/** `a=b` as the server takes it; '' for nothing. */
function tagFilter(tag: string): string {
  const [pair] = Object.entries(pairsOf([tag]));
  if (pair === undefined) return '';
  const [name, value] = pair.map((text) => `'${text.replaceAll("'", "''")}'`);
  return `tagname eq ${name ?? ''}${pair[1] === '' ? '' : ` and tagvalue eq ${value ?? ''}`}`;
}

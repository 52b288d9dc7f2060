/** `az group`: resource groups. */
import { isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import { argument } from '../command-line/argument.ts';
import { type AzCommand, location, noWait, subscription, tags, yes } from '../command-line/az-command.ts';
import { pairsOf } from '../command-line/tag-values.ts';
import { waitCommand } from '../command-line/wait-command.ts';
import { shaped } from '../models/resource-shape.ts';
import { endOf } from '../session/long-operation.ts';
import { groupShape, resourcesVersion } from './group-shape.ts';

const group = argument('--name --resource-group -n -g', 'Name of the resource group', { isRequired: true, configuredDefault: 'group' });

/** The commands. */
export const groupCommands: readonly AzCommand[] = [
  {
    words: 'group create',
    summary: 'Create a resource group, or change its tags',
    arguments: [
      { ...location, isRequired: true },
      group,
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
      const groups = await (await arm()).list('/resourcegroups', resourcesVersion);
      const tag = given.text('tag');
      const isWished = tag === undefined ? () => true : hasTag(tag);
      return groups.filter(isWished).map((each) => shaped(each, groupShape));
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
    summary: "Change a resource group's tags",
    arguments: [group, tags, subscription],
    run: async ({ given, arm }) => {
      const client = await arm();
      const path = groupPath(given.required('name'));
      const { properties: _, ...current } = await client.get(path, resourcesVersion);
      const wished = given.texts('tags');
      const body = wished === undefined ? current : { ...current, tags: pairsOf(wished) };
      return shaped((await client.send({ method: 'PUT', path, version: resourcesVersion, body })).json, groupShape);
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

/** The path of a group below the subscription. */
export function groupPath(name: string): string {
  return `/resourcegroups/${encodeURIComponent(name)}`;
}

/** `Canada East` is `canadaeast`. */
export function regionName(text: string): string {
  return text.toLowerCase().replaceAll(' ', '');
}

function groupRow({ name, location: region, properties }: JsonObject): object {
  return { name, location: region, status: isJsonObject(properties) ? textAt(properties, 'provisioningState') : '' };
}

function hasTag(tag: string): (group: JsonObject) => boolean {
  const [[key, value] = ['', '']] = Object.entries(pairsOf([tag]));
  return (each) => {
    const present = textAt(objectAt(each, 'tags'), key);
    return objectAt(each, 'tags')?.[key] !== undefined && (value === '' || present === value);
  };
}

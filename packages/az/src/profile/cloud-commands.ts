/** `az cloud`: the endpoints that are known by name. */
import { isJsonObject, objectAt, stringsAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument } from '../command-line/argument.ts';
import type { AzCommand, AzInvocation } from '../command-line/az-command.ts';
import type { AzDirectory } from '../session/az-directory.ts';
import { isOnThisMachine } from '../session/cloud-account.ts';
import { sendHttps } from '../session/https-request.ts';

const name = argument('--name -n', 'Name of the cloud', { isRequired: true });

/** The commands. */
export const cloudCommands: readonly AzCommand[] = [
  {
    words: 'cloud register',
    summary: 'Name an endpoint of this machine',
    arguments: [name, argument('--endpoint-resource-manager', 'Its address, https://localhost:PORT', { isRequired: true })],
    run: async (invocation) => {
      const { given, directory } = invocation;
      const cloud = given.required('name');
      if (cloud in directory.clouds) throw refused(`The cloud '${cloud}' is already registered.`);
      directory.keepCloud(cloud, await endpointsOf(given.required('endpointResourceManager').replace(/\/+$/, ''), directory));
      return undefined;
    },
  },
  {
    words: 'cloud set',
    summary: 'Choose the cloud that commands go to',
    arguments: [name],
    run: ({ given, directory, terminal }) => {
      const cloud = given.required('name');
      if (!namesOf(directory).includes(cloud)) throw refused(`The cloud '${cloud}' is not registered.`);
      if (directory.cloud === cloud) return Promise.resolve(undefined);
      directory.useCloud(cloud);
      terminal.warn(`Switched active cloud to '${cloud}'.`);
      if ((directory.subscriptions ?? []).every(({ environmentName }) => environmentName !== cloud)) {
        terminal.warn("Use 'az login' to log in to this cloud.");
        terminal.warn("Use 'az account set' to set the active subscription.");
      }
      return Promise.resolve(undefined);
    },
  },
  {
    words: 'cloud list',
    summary: 'List the clouds that are known',
    arguments: [],
    table: (result) => (Array.isArray(result) ? result.map(row) : result),
    run: async (invocation) => {
      const names = await knownNames(invocation);
      return names.map((cloud) => describe(cloud, invocation.directory));
    },
  },
  {
    words: 'cloud show',
    summary: 'Show a cloud',
    arguments: [{ ...name, isRequired: false }],
    run: async (invocation) => {
      const [first = ''] = await knownNames(invocation);
      const { given, directory } = invocation;
      const cloud = given.text('name') ?? (directory.isOwn ? first : directory.cloud);
      if (!(await knownNames(invocation)).includes(cloud)) throw refused(`The cloud '${cloud}' is not registered.`);
      return describe(cloud, directory);
    },
  },
];

/** In Weir's own directory the endpoint of this machine is registered without asking. */
async function knownNames({ directory, machineCloud }: AzInvocation): Promise<readonly string[]> {
  if (directory.isOwn) {
    const { cloud, base, authority } = await machineCloud();
    if (!(cloud in directory.clouds)) directory.keepCloud(cloud, await endpointsOf(base, directory, authority));
    if (directory.cloud !== cloud) directory.useCloud(cloud);
  }
  return namesOf(directory);
}

function namesOf(directory: AzDirectory): readonly string[] {
  return Object.keys(directory.clouds);
}

/** What az writes of an endpoint, from the document in which it describes itself. */
async function endpointsOf(
  base: string,
  directory: AzDirectory,
  authority = directory.authority,
): Promise<Readonly<Record<string, string>>> {
  if (!isOnThisMachine(base)) throw refused(`'${base}' is not on this machine, and weir az speaks to no other: https://localhost:PORT`);
  const answer = await sendHttps(`${base}/metadata/endpoints?api-version=2022-09-01`, { method: 'GET', headers: {}, authority });
  const document = parsed(answer.text);
  if (answer.status !== 200 || !isJsonObject(document)) {
    throw refused(`Unable to get endpoints from the cloud.\nServer returned status code ${answer.status} for ${base}/metadata/endpoints`);
  }
  const authentication = objectAt(document, 'authentication');
  return {
    endpoint_resource_manager: base,
    endpoint_gallery: textAt(document, 'gallery'),
    endpoint_active_directory: textAt(authentication, 'loginEndpoint'),
    endpoint_active_directory_resource_id: stringsAt(authentication, 'audiences')[0] ?? '',
    endpoint_active_directory_graph_resource_id: textAt(document, 'graphEndpoint'),
  };
}

function describe(cloud: string, directory: AzDirectory): object {
  const endpoints = Object.entries(directory.clouds[cloud] ?? {})
    .filter(([key]) => key.startsWith('endpoint_'))
    .map(([key, value]) => [camelCase(key.slice('endpoint_'.length)), value] as const);
  return { endpoints: Object.fromEntries(endpoints), isActive: cloud === directory.cloud, name: cloud, profile: 'latest', suffixes: {} };
}

function row(cloud: unknown): object {
  const { isActive, name: title, profile } = cloud as Readonly<Record<string, unknown>>;
  return { IsActive: isActive, Name: title, Profile: profile };
}

function camelCase(text: string): string {
  return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

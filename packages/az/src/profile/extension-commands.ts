/**
 * `az extension`: what the endpoint's index offers can be added, and is noted. What aks-preview would bring is built
 * in here, so nothing is installed.
 */
import { isJsonObject, type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, type AzInvocation, yes } from '../command-line/az-command.ts';
import type { NotedExtension } from '../session/az-directory.ts';

const name = argument('--name -n', 'Name of the extension', { isRequired: true });

/** The commands. */
export const extensionCommands: readonly AzCommand[] = [
  {
    words: 'extension add',
    summary: 'Add an extension',
    arguments: [
      { ...name, isRequired: false },
      argument('--source -s', 'A file or an address'),
      argument('--version', 'Which version; the newest when left out'),
      flag('--upgrade', 'Also when it is there'),
      argument('--allow-preview', 'Also a preview'),
      yes,
    ],
    run: async (invocation) => {
      const { given, directory, terminal } = invocation;
      const wished = given.text('name');
      if (given.has('source') && wished === undefined)
        throw refused('weir az adds extensions of the index of its endpoint only: az extension add --name NAME');
      if (wished === undefined || given.has('source')) throw refused('usage error: --name NAME | --source SOURCE');
      const there = noted(invocation, wished);
      if (there !== undefined) terminal.warn(`Extension '${wished}' ${there.version} is already installed.`);
      if (there !== undefined && !given.flag('upgrade')) return undefined;
      const offered = await offeredExtension(invocation, wished);
      if (offered.version === there?.version) return undefined;
      if (offered.isPreview) terminal.warn(`The installed extension '${wished}' is in preview.`);
      terminal.info(`Nothing was installed: weir az has what '${wished}' brings for the clusters of this machine.`);
      directory.keepExtensions([...directory.extensions.filter((each) => each.name !== wished), offered]);
      return undefined;
    },
  },
  {
    words: 'extension update',
    summary: 'Bring an extension up to date',
    arguments: [name, argument('--allow-preview', 'Also to a preview')],
    run: async (invocation) => {
      const { given, directory, terminal } = invocation;
      const wished = given.required('name');
      const there = noted(invocation, wished);
      if (there === undefined) throw notInstalled(wished);
      const offered = await offeredExtension(invocation, wished);
      if (offered.version === there.version)
        terminal.warn(`Latest version of '${wished}' is already installed.\n\nUse --debug for more information`);
      else directory.keepExtensions([...directory.extensions.filter((each) => each.name !== wished), offered]);
      return undefined;
    },
  },
  {
    words: 'extension list',
    summary: 'List the extensions that were added',
    arguments: [],
    run: ({ directory }) => Promise.resolve(directory.extensions.map((each) => described(each, directory.path))),
  },
  {
    words: 'extension show',
    summary: 'Show an extension',
    arguments: [name],
    run: (invocation) => {
      const there = noted(invocation, invocation.given.required('name'));
      if (there === undefined) throw notInstalled(invocation.given.required('name'));
      return Promise.resolve(described(there, invocation.directory.path));
    },
  },
  {
    words: 'extension list-available',
    summary: "List the extensions of the endpoint's index",
    arguments: [flag('--show-details -d', 'All that the index says')],
    table: (result) => (isJsonObject(result) ? Object.keys(result).map((title) => ({ Name: title })) : result),
    run: async (invocation) => {
      const index = await fetchIndex(invocation);
      if (invocation.given.flag('showDetails')) return index;
      return Object.keys(index)
        .sort()
        .flatMap((title) => {
          const newest = objectsAt(index, title).at(-1);
          const metadata = newest === undefined ? undefined : objectAt(newest, 'metadata');
          return metadata === undefined ? [] : [availableRow(invocation, title, metadata)];
        });
    },
  },
  {
    words: 'extension list-versions',
    summary: 'List the versions of an extension',
    arguments: [name],
    run: async (invocation) => {
      const title = invocation.given.required('name');
      const entries = objectsAt(await fetchIndex(invocation), title);
      if (entries.length === 0) throw refused(`Extension ${title} not found.`);
      return entries.map((entry, at) => {
        const metadata = objectAt(entry, 'metadata') ?? {};
        const { version, isPreview } = fromIndex(title, metadata);
        return {
          name: title,
          version: at === entries.length - 1 ? `${version} (max compatible version)` : version,
          preview: isPreview,
          experimental: metadata['azext.isExperimental'] === true,
          installed: noted(invocation, title)?.version === version,
          compatible: true,
        };
      });
    },
  },
  {
    words: 'extension remove',
    summary: 'Take an extension away',
    arguments: [name],
    run: (invocation) => {
      const { given, directory } = invocation;
      const wished = given.required('name');
      if (noted(invocation, wished) === undefined) throw notInstalled(wished);
      directory.keepExtensions(directory.extensions.filter((each) => each.name !== wished));
      return Promise.resolve(undefined);
    },
  },
];

function noted({ directory }: AzInvocation, wished: string): NotedExtension | undefined {
  return directory.extensions.find((each) => each.name === wished);
}

/** The index of the endpoint: entries by name, the newest last. */
async function fetchIndex({ arm }: AzInvocation): Promise<JsonObject> {
  const client = await arm();
  const answer = await client.ask({ method: 'GET', path: `${client.base}/azmirror/extensions/index.json` });
  const index = answer.status === 200 && isJsonObject(answer.json) ? objectAt(answer.json, 'extensions') : undefined;
  if (index === undefined) throw refused('Unable to get extension index.\n');
  return index;
}

/** The newest of the endpoint's index, or the version that was named. */
async function offeredExtension(invocation: AzInvocation, wished: string): Promise<NotedExtension> {
  const all = objectsAt(await fetchIndex(invocation), wished).map((each) => fromIndex(wished, objectAt(each, 'metadata') ?? {}));
  if (all.length === 0) throw refused(`No extension found with name '${wished}'\n\nUse --debug for more information`);
  const version = invocation.given.text('version');
  const found = version === undefined || version === 'latest' ? all.at(-1) : all.find((each) => each.version === version);
  if (found !== undefined) return found;
  throw refused(`No matching extensions for '${wished}' found.\n\nUse --debug for more information`);
}

function availableRow(invocation: AzInvocation, title: string, metadata: JsonObject): object {
  const { version, isPreview } = fromIndex(title, metadata);
  const there = noted(invocation, title)?.version;
  return {
    name: title,
    version,
    summary: textAt(metadata, 'summary'),
    preview: isPreview,
    experimental: metadata['azext.isExperimental'] === true,
    installed: there === undefined ? false : there === version ? true : 'True (upgrade available)',
  };
}

function fromIndex(title: string, metadata: JsonObject): NotedExtension {
  return { name: title, version: textAt(metadata, 'version'), isPreview: metadata['azext.isPreview'] === true };
}

function described({ name: title, version, isPreview }: NotedExtension, path: string): object {
  return { experimental: false, extensionType: 'whl', name: title, path, preview: isPreview, version };
}

function notInstalled(wished: string): Error {
  return refused(`The extension ${wished} is not installed.`);
}

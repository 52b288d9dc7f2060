/** All commands, and what their groups are about. */
import { poolCommands } from './agent-pools/pool-commands.ts';
import type { CommandTree } from './command-line/command-tree.ts';
import { completionsOf } from './command-line/complete.ts';
import { clusterCommands } from './managed-clusters/cluster-commands.ts';
import { accountCommands } from './profile/account-commands.ts';
import { cloudCommands } from './profile/cloud-commands.ts';
import { extensionCommands } from './profile/extension-commands.ts';
import { versionCommand } from './profile/version-commands.ts';
import { groupCommands } from './resources/group-commands.ts';
import { featureCommands, providerCommands } from './resources/provider-commands.ts';
import { restCommand } from './resources/rest-command.ts';

/** The surface. */
export const azCommands: CommandTree = {
  commands: [
    ...accountCommands,
    ...clusterCommands,
    ...poolCommands,
    ...cloudCommands,
    ...extensionCommands,
    ...featureCommands,
    ...groupCommands,
    ...providerCommands,
    restCommand,
    versionCommand,
  ],
  groups: [
    { words: 'account', summary: 'Who is signed in, and the subscription' },
    { words: 'aks', summary: 'Managed clusters' },
    { words: 'aks command', summary: 'Commands inside a managed cluster' },
    { words: 'aks nodepool', summary: 'Node pools' },
    { words: 'aks oidc-issuer', summary: 'The issuer of tokens of service accounts' },
    { words: 'cloud', summary: 'Endpoints by name' },
    { words: 'extension', summary: 'Extensions of az' },
    { words: 'feature', summary: 'Preview features' },
    { words: 'group', summary: 'Resource groups' },
    { words: 'provider', summary: 'Resource providers' },
  ],
};

/** What may come next on a command line; the last of `words` is being typed. */
export function azCompletions(words: readonly string[]): readonly string[] {
  return completionsOf(azCommands, words);
}

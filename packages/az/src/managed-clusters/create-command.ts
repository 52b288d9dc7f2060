/** `az aks create`. */
import { homedir } from 'node:os';
import { type JsonObject, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import type { AzCommand } from '../command-line/az-command.ts';
import { noWait } from '../command-line/az-command.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { aksVersion, managedClusterShape } from '../models/managed-cluster-shape.ts';
import { groupPath, regionName } from '../resources/group-commands.ts';
import { resourcesVersion } from '../resources/group-shape.ts';
import type { ArmClient } from '../session/arm-client.ts';
import { serverError } from '../session/server-error.ts';
import type { Terminal } from '../terminal.ts';
import { checkAuthorizedRanges } from './authorized-ranges.ts';
import {
  checkClusterName,
  checkNetworkPlugin,
  checkNetworkPolicy,
  checkNodeBounds,
  checkPoolName,
  checkPoolShape,
  checkRegistries,
  checkResourceIds,
  kubernetesVersion,
} from './client-checks.ts';
import { createArguments } from './cluster-arguments.ts';
import { namedCluster, putAndWait } from './cluster-requests.ts';
import { createBody } from './create-body.ts';
import { sshKeyOf } from './ssh-key.ts';

export const createCommand: AzCommand = {
  words: 'aks create',
  summary: 'Create a managed cluster',
  arguments: [...createArguments, noWait],
  examples: [
    'az aks create --resource-group myResourceGroup --name myAKSCluster --node-count 1 --network-plugin azure --network-policy azure --generate-ssh-keys',
    'az aks create -g myResourceGroup -n myAKSCluster --network-plugin azure --network-plugin-mode overlay --network-dataplane cilium --no-ssh-key',
  ],
  run: async (invocation) => {
    const { given, terminal, environment } = invocation;
    checkArguments(given);
    const sshKey = sshKeyOf(given, terminal, environment['HOME'] ?? homedir());
    const arm = await invocation.arm();
    const path = namedCluster(given);
    await checkIsNew(arm, path, given);
    const facts = { subscription: arm.subscription, location: await locationOf(arm, given), sshKey };
    const windows = await windowsProfileOf(given, terminal);
    return putAndWait(invocation, arm, { path, body: createBody(given, { ...facts, windows }), shape: managedClusterShape });
  },
};

/** All that can be refused before anything is sent. */
function checkArguments(given: GivenArguments): void {
  kubernetesVersion(given.text('kubernetesVersion'));
  checkClusterName(given.required('name'));
  checkNetworkPolicy(given.text('networkPolicy'));
  checkPoolName(given.text('nodepoolName') ?? 'nodepool1');
  checkResourceIds(given);
  checkNodeBounds(given);
  checkAuthorizedRanges(given);
  checkPoolShape(given);
  checkNetworkPlugin(given);
  checkRegistries(given);
}

async function checkIsNew(arm: ArmClient, path: string, given: GivenArguments): Promise<void> {
  const { status, statusText, text } = await arm.ask({ method: 'GET', path, version: aksVersion });
  if (status === 404) return;
  if (status >= 400) throw serverError(status, statusText, text);
  throw refused(
    `The cluster '${given.required('name')}' under resource group '${given.required('resourceGroup')}' already exists. Please use command 'az aks update' to update the existing cluster, or select a different cluster name to create a new cluster.`,
  );
}

async function locationOf(arm: ArmClient, given: GivenArguments): Promise<string> {
  const named = given.text('location');
  if (named !== undefined) return regionName(named);
  return textAt(await arm.get(groupPath(given.required('resourceGroup')), resourcesVersion), 'location');
}

/** Asks for what is missing of name and password; undefined when neither was given. */
async function windowsProfileOf(given: GivenArguments, terminal: Terminal): Promise<JsonObject | undefined> {
  let [adminUsername, adminPassword] = [given.text('windowsAdminUsername'), given.text('windowsAdminPassword')];
  if (adminUsername === undefined && adminPassword === undefined) return undefined;
  adminUsername ??= await terminal.line('windows_admin_username: ');
  if (adminUsername === undefined) throw refused('Please specify username for Windows in non-interactive mode.');
  adminPassword ??= await terminal.secret('windows-admin-password: ');
  if (adminPassword === undefined) throw refused('Please specify both username and password in non-interactive mode.');
  return { adminUsername, adminPassword, ...(given.flag('enableAhub') ? { licenseType: 'Windows_Server' } : {}) };
}

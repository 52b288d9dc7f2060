/**
 * `weir az` and the real az 2.45: the same command lines, one after the other, each against an endpoint of its own,
 * where nothing but a loopback is.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createNetns, deleteNetns, netnsPath } from '@weir/kernel';
import { runProgram } from '@weir/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

import { expectLike } from './like-az.ts';
import type { AzOutcome } from './run-weir-az.ts';

const cluster = '--resource-group rg --name c1';
const pool = '--resource-group rg --cluster-name c1 --name np';
const feature = '--namespace Microsoft.ContainerService --name WindowsNetworkPolicyPreview';
/** Compared apart: az 2.45 asks an API of before the one that tells of plans of support. */
const versions = 'aks get-versions -l canadaeast';

/** In this order: later lines see what earlier ones have made. */
const lines = [
  'account show',
  'account list',
  'account list -o table',
  'account set --subscription nope',
  'account get-access-token',
  'account list-locations',
  'group create -n rg',
  'group create -n rg2 -l mars',
  'group create -n rg -l canadaeast --tags a=b c',
  'group show -n rg -o yaml',
  'group show -n nope',
  'group list -o table',
  'group list -o tsv',
  'group list --query [].{b:name,a:location}',
  'group list --query [].{b:name,a:location} -o tsv',
  'group list --query [].[name,location] -o table',
  'group list --query [0].nothing',
  'group list --query length(@) -o yaml',
  'group list --tag a=b --query [].name -o tsv',
  'group list --tag a=c',
  'group update -n rg --tags x=y',
  'group update -n rg --set tags.n=1 tags.on=yes',
  'group update -n rg --set tags.x.y=1',
  'group show -n rg --query tags -o yaml',
  'group exists -n rg',
  'group exists -n nope -o yaml',
  `feature show ${feature}`,
  'feature list --namespace Microsoft.ContainerService -o table',
  `feature register ${feature}`,
  'feature show --namespace Microsoft.ContainerService --name Nope',
  'provider register -n Microsoft.ContainerService',
  'provider show -n Microsoft.ContainerService --query registrationState -o tsv',
  'provider show -n Microsoft.Nope',
  'aks',
  'aks crate',
  'aks create -g rg',
  'aks create -g rg -n c --foo',
  'aks create -g rg -n c --node-count x --no-ssh-key',
  'aks create -g rg -n c --network-plugin foo --no-ssh-key',
  'aks create -g rg -n c --network-policy Azure --no-ssh-key',
  'aks create -g rg -n c --network-policy azure --no-ssh-key',
  'aks create -g rg -n c --network-plugin kubenet --network-policy azure --no-ssh-key',
  'aks create -g nope -n c --network-plugin azure --no-ssh-key',
  'aks create -g rg -n c_ --network-plugin azure --no-ssh-key',
  'aks create -g rg -n c --nodepool-name abcdefghijklm --no-ssh-key',
  'aks create -g rg -n c --min-count 2 --no-ssh-key',
  'aks create -g rg -n c --kubernetes-version latest --no-ssh-key',
  'aks create -g rg -n c --nodepool-labels a --no-ssh-key',
  'aks create -g rg -n c --api-server-authorized-ip-ranges 10.0.0.1 --no-ssh-key',
  'aks create -g rg -n c --windows-admin-username azureuser --network-plugin azure --no-ssh-key',
  'aks create -g rg -n c',
  `aks create ${cluster} --node-count 1 --network-plugin azure --network-policy azure --generate-ssh-keys --tags x=1 --query networkProfile.networkPolicy`,
  `aks show ${cluster}`,
  `aks show ${cluster} -o table`,
  'aks show --resource-group=rg -nc1 --query agentPoolProfiles[].{Name:name,Count:count,Auto:enableAutoScaling} -o table',
  'aks show -g rg -n',
  'aks show -g rg -n c9',
  'aks list --res rg -o table',
  'aks list -o foo',
  'aks list --query x[',
  'aks list --query a-b',
  'aks list --query foo(@)',
  `aks show ${cluster} --query abs(name)`,
  'aks list extra',
  'aks update -g rg -n c9 --tags a=b',
  `aks update ${cluster} --tags a=b --query tags`,
  `aks update ${cluster} --enable-ahub --disable-ahub`,
  `aks update ${cluster} --update-cluster-autoscaler --min-count 1 --max-count 2`,
  `aks update ${cluster} --enable-cluster-autoscaler`,
  `aks update ${cluster} --enable-cluster-autoscaler --min-count 1 --max-count 2 --query agentPoolProfiles[0].maxCount`,
  `aks scale ${cluster} --node-count 2`,
  `aks update ${cluster} --disable-cluster-autoscaler --query agentPoolProfiles[0].enableAutoScaling`,
  `aks scale ${cluster} --node-count 2 --nodepool-name nope`,
  `aks scale ${cluster} --node-count 2 --query agentPoolProfiles[0].count`,
  `aks get-upgrades ${cluster} -o table`,
  versions,
  'aks get-versions',
  `aks command invoke ${cluster} --command id`,
  `aks command invoke ${cluster} --command id -o table`,
  `aks command invoke ${cluster} --command id --file {home}/body.json --query exitCode`,
  `aks command invoke ${cluster} --command id --file {home}/nope`,
  `aks command invoke ${cluster}`,
  'aks command invoke -g rg -n c9 --command id',
  `aks command result ${cluster} --command-id nope`,
  `aks stop ${cluster}`,
  `aks show ${cluster} --query powerState.code -o tsv`,
  `aks stop ${cluster}`,
  `aks scale ${cluster} --node-count 1`,
  `aks command invoke ${cluster} --command id`,
  'aks stop -g rg -n c9',
  `aks start ${cluster}`,
  `aks start ${cluster} --no-wait`,
  'aks start -g nope -n c1',
  `aks get-credentials ${cluster} -f -`,
  `aks get-credentials ${cluster} -f {home}/secret`,
  `aks get-credentials ${cluster} -f {home}/kubeconfig`,
  `aks get-credentials ${cluster} -f {home}/kubeconfig --admin`,
  `aks nodepool add ${pool} --os-sku Windows2022`,
  `aks nodepool add ${pool} --labels a/b/c=d`,
  `aks nodepool add ${pool} --max-surge foo`,
  'aks nodepool add --resource-group rg --cluster-name c1 --name nodepool1',
  `aks nodepool add ${pool} --node-count 1 --labels a=b --node-taints x=y:NoSchedule`,
  'aks nodepool list --resource-group rg --cluster-name c1 -o table',
  `aks nodepool show ${pool} --query nodeTaints`,
  `aks nodepool scale ${pool} --node-count 1`,
  `aks nodepool scale ${pool} --node-count 2 --query count`,
  `aks scale ${cluster} --node-count 1`,
  `aks nodepool update ${pool} --max-surge 2 --query upgradeSettings.maxSurge`,
  `aks nodepool delete ${pool}`,
  `aks nodepool delete ${pool}`,
  `aks nodepool show ${pool}`,
  'rest --method put --url /subscriptions/{subscriptionId}/resourcegroups/viarest?api-version=2021-04-01 --body @{home}/body.json',
  'rest --method get --url /subscriptions/{subscriptionId}/resourcegroups/nope?api-version=2021-04-01',
  'group delete -n rg',
  'aks delete -g rg -n c1 --yes',
  'aks list',
  'group delete -n viarest -y',
  'logout',
  'group list',
  'login --service-principal -u {application} -p wrong --tenant {tenant}',
];

const outcomes = new Map<string, { readonly az: AzOutcome; readonly weir: AzOutcome }>();

beforeAll(async () => {
  const name = `weirt-${randomBytes(3).toString('hex')}-az`;
  createNetns(name);
  try {
    const inside = `--net=${netnsPath(name)}`;
    await runProgram('nsenter', [inside, 'ip', 'link', 'set', 'lo', 'up']);
    const script = [process.execPath, '--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'run-both.ts')];
    const input = JSON.stringify(lines.map((line) => line.split(' ')));
    const { code, stdout, stderr } = await runProgram('nsenter', [inside, ...script], { input });
    expect(code, stderr).toBe(0);
    for (const [at, outcome] of (JSON.parse(stdout) as { az: AzOutcome; weir: AzOutcome }[]).entries()) {
      outcomes.set(`${at} ${lines[at] ?? ''}`, outcome);
    }
  } finally {
    deleteNetns(name);
  }
}, 600_000);

function outcomeOf(line: string, at: number): { readonly az: AzOutcome; readonly weir: AzOutcome } {
  const outcome = outcomes.get(`${at} ${line}`);
  if (outcome === undefined) throw new Error('it was not run');
  return outcome;
}

describe('weir az does what the real az does', () => {
  it.each(lines.map((line, at) => [line, at] as const).filter(([line]) => line !== versions))('az %s', (line, at) => {
    const { az, weir } = outcomeOf(line, at);
    expectLike(weir, az);
  });

  it('and names the versions of Kubernetes that the real az does', () => {
    const { az, weir } = outcomeOf(versions, lines.indexOf(versions));
    const { orchestrators } = JSON.parse(az.stdout) as { orchestrators: { orchestratorVersion: string }[] };
    const { values } = JSON.parse(weir.stdout) as { values: { patchVersions: object }[] };
    const named = orchestrators.map(({ orchestratorVersion }) => orchestratorVersion);
    expect(named.length).toBeGreaterThan(0);
    expect(values.flatMap(({ patchVersions }) => Object.keys(patchVersions)).toSorted()).toEqual(named.toSorted());
  });
});

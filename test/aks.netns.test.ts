/** The unmodified az: signs in, makes a cluster with an engine, adds a pool, and the policies of the cluster are enforced on packets. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzSession } from './support/az-session.ts';

const named = '--resource-group myResourceGroup-NP --name myAKSCluster';
let az: AzSession;
/** The lab's clusters behind those of this session; others of this machine are somebody else's. */
const made = new Set<string>();
const namespacesLeft = (): string[] => listNetns().filter((name) => [...made].some((cluster) => name.startsWith(`weir-${cluster}-`)));
beforeAll(async () => {
  az = await AzSession.open();
});
afterAll(async () => {
  await az?.close();
  expect(namespacesLeft()).toEqual([]);
});

const connect = async (target: string): Promise<string> => {
  const { stdout, stderr } = await az.line(`kubectl exec client -n demo -- /agnhost connect ${target} --timeout=3s --protocol=tcp`);
  return `${stdout}${stderr}`.replace(/^command terminated with exit code \d+$/m, '').trim();
};

describe('az, with nothing but a loopback', () => {
  it('is signed in to the cloud of this machine', async () => {
    expect(await az.output('az cloud show --query name -o tsv')).toBe('WeirLab');
    expect(await az.output('az account show --query user.type -o tsv')).toBe('servicePrincipal');
    expect(await az.output('az provider show -n Microsoft.ContainerService --query registrationState -o tsv')).toBe('Registered');
  });

  it('is refused in the words of AKS, with its own exit codes', async () => {
    const missing = await az.line(`az aks create ${named} --node-count 1 --network-plugin azure --network-policy azure --no-ssh-key`);
    expect([missing.code, missing.stderr]).toEqual([
      3,
      expect.stringContaining("(ResourceGroupNotFound) Resource group 'myResourceGroup-NP' could not be found.") as string,
    ]);
    await az.output('az group create --resource-group myResourceGroup-NP --location canadaeast');
    const kubenet = await az.line(`az aks create ${named} --node-count 1 --network-plugin kubenet --network-policy azure --no-ssh-key`);
    expect([kubenet.code, kubenet.stderr]).toEqual([
      1,
      expect.stringMatching(
        /\(NetworkPolicyAzureNotSupportedForKubenet\) NetworkPolicy azure is not supported for network plugin kubenet[^]*Target: networkProfile\.networkPolicy/,
      ) as string,
    ]);
    expect(await az.output('az aks list -o tsv')).toBe('');
  });

  it('makes the cluster of the article', async () => {
    const created = await az.output(`az aks create ${named} --node-count 1 --network-plugin azure --network-policy azure --no-ssh-key`);
    expect(JSON.parse(created)).toMatchObject({
      provisioningState: 'Succeeded',
      networkProfile: { networkPolicy: 'azure', networkPlugin: 'azure' },
    });
    const { stderr } = await az.line(`az aks get-credentials ${named}`);
    expect(stderr).toContain('Merged "myAKSCluster" as current context');
    expect(await az.output('kubectl get nodes --no-headers')).toMatch(/^aks-nodepool1-\d{8}-vmss000000\s+Ready\s/);
  });

  it('and its policies are enforced: connect, TIMEOUT, and a label', async () => {
    await az.output('kubectl create namespace demo');
    await az.output(
      `kubectl run server -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --labels=app=server --port=80 --command -- /agnhost serve-hostname --tcp --http=false --port 80`,
    );
    await az.output(`kubectl run client -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --command -- /agnhost pause`);
    await az.output('kubectl wait --for=condition=Ready pod --all -n demo --timeout=60s');
    const target = `${await az.output("kubectl get pod server -n demo -o jsonpath='{.status.podIP}'")}:80`;
    expect(await connect(target)).toBe('');
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'demo-policy', namespace: 'demo' },
      spec: {
        podSelector: { matchLabels: { app: 'server' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 80, protocol: 'TCP' }] }],
      },
    };
    await az.output(`kubectl apply -f - <<< '${JSON.stringify(policy)}'`);
    await expect.poll(() => connect(target), { timeout: 30_000 }).toBe('TIMEOUT');
    await az.output('kubectl label pod client -n demo app=client');
    await expect.poll(() => connect(target), { timeout: 30_000 }).toBe('');
  });

  it('adds, scales, re-images and removes a pool, while the policy holds', async () => {
    const pool = '--resource-group myResourceGroup-NP --cluster-name myAKSCluster --name second';
    await az.output(`az aks nodepool add ${pool} --node-count 1`);
    const nodes = async (): Promise<number> =>
      (await az.output('kubectl get nodes -l agentpool=second -o name')).split('\n').filter((line) => line !== '').length;
    expect(await nodes()).toBe(1);
    await az.output(`az aks nodepool scale ${pool} --node-count 2`);
    expect(await nodes()).toBe(2);
    const uids = (): Promise<string> => az.output("kubectl get nodes -l agentpool=second -o jsonpath='{.items[*].metadata.uid}'");
    const old = await uids();
    await az.output(`az aks nodepool upgrade ${pool} --node-image-only`);
    for (const uid of (await uids()).split(' ')) expect(old).not.toContain(uid);
    await az.output(`az aks nodepool delete ${pool}`);
    expect(await nodes()).toBe(0);
    const target = `${await az.output("kubectl get pod server -n demo -o jsonpath='{.status.podIP}'")}:80`;
    await az.output('kubectl label pod client -n demo app-');
    await expect.poll(() => connect(target), { timeout: 30_000 }).toBe('TIMEOUT');
  });

  it('stops and starts the cluster, and the policy is in force again', async () => {
    await az.output(`az aks stop ${named}`);
    expect(await az.output(`az aks show ${named} --query powerState.code -o tsv`)).toBe('Stopped');
    expect((await az.line('kubectl get nodes --request-timeout=2s')).code).not.toBe(0);
    await az.output(`az aks start ${named}`);
    await az.output('kubectl wait --for=condition=Ready pod --all -n demo --timeout=60s');
    const target = `${await az.output("kubectl get pod server -n demo -o jsonpath='{.status.podIP}'")}:80`;
    await expect.poll(() => connect(target), { timeout: 30_000 }).toBe('TIMEOUT');
  });

  it('takes everything away with the group', async () => {
    for (const cluster of readdirSync(join(az.directory, 'state', 'clusters'))) made.add(cluster);
    expect(namespacesLeft()).not.toEqual([]);
    await az.output('az group delete --resource-group myResourceGroup-NP --yes');
    expect(await az.output('az group exists --resource-group myResourceGroup-NP')).toBe('false');
    expect(namespacesLeft()).toEqual([]);
  });
});

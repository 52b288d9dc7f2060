/** The unmodified az on one cluster: commands in it, versions, pools that stop, certificates, operations that are aborted. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AzSession } from './support/az-session.ts';

const named = '--resource-group rg --name c1';
let az: AzSession;
// A busy machine starts az slowly.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

beforeAll(async () => {
  az = await AzSession.open();
  await az.output('az group create --name rg --location canadaeast');
  await az.output(`az aks create ${named} --node-count 1 --kubernetes-version 1.34.3 --no-ssh-key`);
  await az.output(`az aks get-credentials ${named}`);
});
afterAll(async () => {
  const labs = readdirSync(join(az.directory, 'state', 'clusters'));
  await az.close();
  expect(labs).toHaveLength(1);
  expect(listNetns().filter((name) => labs.some((lab) => name.startsWith(`weir-${lab}-`)))).toEqual([]);
});

describe('az aks command invoke', () => {
  it('runs kubectl in a pod of the cluster and shows its output and exit code', async () => {
    const { stdout } = await az.line(`az aks command invoke ${named} --command "kubectl get nodes -o name; hostname; exit 3"`);
    expect(stdout).toMatch(/with exitcode=3/);
    expect(stdout).toMatch(/node\/aks-nodepool1-\d{8}-vmss000000\ncommand-[0-9a-f]{32}\n/);
    expect(await az.output('kubectl get pods,secrets -n aks-command -o name')).toBe('');
  });

  it('brings files along, and helm', async () => {
    const directory = join(az.directory, 'files');
    mkdirSync(directory);
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'sent' }, data: { a: 'b' } };
    writeFileSync(join(directory, 'map.json'), JSON.stringify(manifest));
    const command = 'kubectl apply -n default -f map.json && helm version --short';
    const result = await az.output(`cd ${directory} && az aks command invoke ${named} --command "${command}" --file map.json -o json`);
    expect(JSON.parse(result)).toMatchObject({
      provisioningState: 'Succeeded',
      exitCode: 0,
      logs: expect.stringMatching(/^configmap\/sent created\nv\d/) as string,
    });
    expect(await az.output('kubectl get configmap sent -o jsonpath={.data.a}')).toBe('b');
  });
});

describe('az aks', () => {
  it('names the issuer that the tokens of service accounts have', async () => {
    const url = await az.output(`az aks show ${named} --query oidcIssuerProfile.issuerUrl -o tsv`);
    expect(url).toMatch(/^https:\/\/canadaeast\.oic\.prod-aks\.azure\.com\/[-0-9a-f]{36}\/[-0-9a-f]{36}\/$/);
    expect(JSON.parse(await az.output('kubectl get --raw /.well-known/openid-configuration'))).toMatchObject({
      issuer: url,
      jwks_uri: `${url}openid/v1/jwks`,
    });
    const token = await az.output('kubectl create token default');
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))).toMatchObject({ iss: url });
    expect((await az.line(`kubectl auth whoami --token ${token}`)).code).toBe(0);
  });

  it('tells versions, and upgrades by one minor version at a time', async () => {
    expect(await az.output('az aks get-versions --location canadaeast --query "orchestrators[?default].orchestratorVersion" -o tsv')).toBe(
      '1.34.4',
    );
    expect(await az.output(`az aks get-upgrades ${named} --query "controlPlaneProfile.upgrades[].kubernetesVersion" -o tsv`)).toBe(
      '1.34.4\n1.35.1\n1.35.2',
    );
    const skipped = await az.line(`az aks upgrade ${named} --kubernetes-version 1.36.1 --yes`);
    expect([skipped.code, skipped.stderr]).toEqual([
      1,
      expect.stringContaining('(OperationNotAllowed) Upgrading Kubernetes version 1.34.3 to 1.36.1 is not allowed.') as string,
    ]);
    await az.output(`az aks upgrade ${named} --kubernetes-version 1.35.2 --yes`);
    expect(await az.output('kubectl get nodes -o jsonpath={.items[*].status.nodeInfo.kubeletVersion}')).toBe('v1.35.2');
  });

  it('adds a pool, stops and starts it', async () => {
    const pool = '--resource-group rg --cluster-name c1 --nodepool-name second';
    await az.output('az aks nodepool add --resource-group rg --cluster-name c1 --name second --node-count 1');
    const nodes = (): Promise<string> => az.output('kubectl get nodes -l agentpool=second -o name');
    expect(await nodes()).toMatch(/^node\/aks-second-\d{8}-vmss000000$/);
    await az.output(`az aks nodepool stop ${pool}`);
    expect(await nodes()).toBe('');
    await az.output(`az aks nodepool start ${pool}`);
    expect(await nodes()).toMatch(/^node\/aks-second-\d{8}-vmss000000$/);
  });

  it('rotates the certificates: those before are worth nothing, and pods run on', async () => {
    await az.output(`kubectl run p --image=registry.k8s.io/e2e-test-images/agnhost:2.53`);
    await az.output('kubectl wait --for=condition=Ready pod/p --timeout=60s');
    await az.output(`az aks rotate-certs ${named} --yes`);
    const old = await az.line('kubectl get nodes');
    expect([old.code, old.stderr]).toEqual([1, expect.stringMatching(/certificate/) as string]);
    await az.output(`az aks get-credentials ${named} --overwrite-existing`);
    await az.output('kubectl wait --for=condition=Ready node --all --timeout=60s');
    await az.output('kubectl wait --for=condition=Ready pod/p --timeout=60s');
  });

  it('aborts the creation of a cluster, which leaves nothing but its description', async () => {
    const other = '--resource-group rg --name c2';
    const token = await az.output('az account get-access-token --query accessToken -o tsv');
    const base = await az.output('az cloud show --query endpoints.resourceManager -o tsv');
    const subscription = await az.output('az account show --query id -o tsv');
    const path = `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c2/abort`;
    // az 2.45 has no command for it, and another start of az may take longer than the creation.
    const abort = `curl -sS --fail-with-body --cacert "$REQUESTS_CA_BUNDLE" -X POST -H "Authorization: Bearer ${token}" "${base}${path}?api-version=2024-05-01"`;
    await az.output(`az aks create ${other} --node-count 1 --no-ssh-key --no-wait && ${abort}`);
    const state = (): Promise<string> => az.output(`az aks show ${other} --query provisioningState -o tsv`);
    await expect.poll(state, { timeout: 120_000 }).toBe('Canceled');
    await az.output(`az aks delete ${other} --yes`);
    expect((await az.line(`az aks show ${other}`)).code).toBe(3);
  });
});

/**
 * Managed clusters whose plugin gives their pods blocks of their own, side by side with the same addresses: kubenet with
 * Calico, an overlay with Cilium, and one whose plugin nobody brings. The real az makes them, packets try them.
 */
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { connectTcp, listenTcp, listNetns } from '@weir/kernel';
import { addHost, hostNetnsName } from '@weir/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzSession } from './support/az-session.ts';

const group = '--resource-group rg';
const services = { cidr: '10.2.0.0/16', api: '10.2.0.1', dns: '10.2.0.10', only: '10.2.0.77' };
const outside = '203.0.113.10';
const engines = ['kube', 'over'] as const;
type Engine = (typeof engines)[number];

let az: AzSession;
const servers: Server[] = [];
/** What each of the two clusters is called in the lab. */
const labNames = new Map<Engine, string>();

/** One line of kubectl for one of the clusters. */
const kubectl = (cluster: string, line: string): Promise<string> => az.output(`kubectl --context ${cluster} ${line}`);

/** What a pod of a cluster gets from bash; empty when it fails. */
async function inPod(cluster: Engine, script: string): Promise<string> {
  const { code, stdout } = await az.line(`kubectl --context ${cluster} exec client -n demo -- timeout 3 bash -c '${script}'`);
  return code === 0 ? stdout.trim() : '';
}
const tellOutside = `exec 3<>/dev/tcp/${outside}/7000; cat <&3`;
const ask = (address: string, path: string): string =>
  `exec 3<>/dev/tcp/${address}/8080; printf "GET ${path} HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3`;

const addressOf = (cluster: Engine, pod: string): Promise<string> =>
  kubectl(cluster, `get pod ${pod} -n demo -o jsonpath='{.status.podIP}'`);
const nodesOf = async (cluster: string, what: string): Promise<readonly string[]> =>
  (await kubectl(cluster, `get nodes -o jsonpath='{.items[*].${what}}'`)).split(' ');

/** One policy for the pods of an application; `spec` says what it allows. */
const apply = (cluster: Engine, name: string, spec: object): Promise<string> =>
  az.output(
    `kubectl --context ${cluster} apply -n demo -f - <<< '${JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name }, spec })}'`,
  );

/** Pods on both nodes, a host outside that tells its clients' address, and the cluster's name in the lab. */
async function furnish(cluster: Engine): Promise<void> {
  await az.output(`az aks get-credentials ${group} --name ${cluster}`);
  const [first = '', second = ''] = await nodesOf(cluster, 'metadata.name');
  const lab =
    listNetns()
      .find((name) => name.endsWith(`-${first}`))
      ?.slice('weir-'.length, -first.length - 1) ?? '';
  labNames.set(cluster, lab);
  await addHost({ cluster: lab, name: 'ext', addresses: [outside] });
  servers.push(
    listenTcp(
      createServer((client) => client.end(client.remoteAddress ?? '')),
      { netns: hostNetnsName(lab, 'ext'), address: outside, port: 7000 },
    ),
  );
  await kubectl(cluster, 'create namespace demo');
  const run = (pod: string, node: string): Promise<string> =>
    kubectl(
      cluster,
      `run ${pod} -n demo --image=agnhost --labels=app=${pod.split('-')[0] ?? ''} --overrides='${JSON.stringify({ spec: { nodeName: node } })}' --command -- /agnhost netexec`,
    );
  await Promise.all([run('client', first), run(`server-${cluster}`, second)]);
  await kubectl(cluster, 'wait --for=condition=Ready pod --all -n demo --timeout=90s');
}

beforeAll(async () => {
  az = await AzSession.open();
  await az.output(`az group create ${group} --location canadaeast`);
  const id = await az.output('az account show --query id -o tsv');
  const url = `/subscriptions/${id}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/over?api-version=2025-03-01`;
  const blocks = { serviceCidr: services.cidr, dnsServiceIP: services.dns };
  const network = { networkPlugin: 'azure', networkPluginMode: 'overlay', networkDataplane: 'cilium', networkPolicy: 'cilium', ...blocks };
  const properties = { agentPoolProfiles: [{ name: 'nodepool1', count: 2, mode: 'System' }], networkProfile: network };
  // What az 2.45 has no options for goes with its rest.
  const body = JSON.stringify({ location: 'canadaeast', identity: { type: 'SystemAssigned' }, properties });
  const cidrs = `--service-cidr ${services.cidr} --dns-service-ip ${services.dns}`;
  await Promise.all([
    az.output(`az aks create ${group} --name kube --node-count 2 --network-plugin kubenet --network-policy calico ${cidrs} --no-ssh-key`),
    az.output(`az rest --method put --url '${url}' --body '${body}' && az aks wait ${group} --name over --created --interval 1`),
    az.output(`az aks create ${group} --name bare --node-count 1 --network-plugin none --no-ssh-key`),
  ]);
  for (const cluster of engines) await furnish(cluster);
  await az.output(`az aks get-credentials ${group} --name bare`);
}, 480_000);
afterAll(async () => {
  for (const server of servers) server.close();
  const made = readdirSync(join(az.directory, 'state', 'clusters'));
  await az.close();
  expect(listNetns().filter((name) => made.some((cluster) => name.startsWith(`weir-${cluster}-`)))).toEqual([]);
});

describe.each(engines)('the pods of %s', (cluster) => {
  it('have addresses of their nodes’ blocks, apart from the nodes’ own', async () => {
    expect(await nodesOf(cluster, 'spec.podCIDR')).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
    expect(await nodesOf(cluster, 'status.addresses[0].address')).toEqual(['10.224.0.4', '10.224.0.5']);
    expect(await addressOf(cluster, 'client')).toMatch(/^10\.244\.0\.\d+$/);
    expect(await addressOf(cluster, `server-${cluster}`)).toMatch(/^10\.244\.1\.\d+$/);
    expect((await nodesOf(cluster, 'status.allocatable.pods'))[0]).toBe(cluster === 'kube' ? '110' : '250');
  });

  it('keep their address towards each other and have that of their node outside', async () => {
    const [client, server] = await Promise.all([addressOf(cluster, 'client'), addressOf(cluster, `server-${cluster}`)]);
    expect(await inPod(cluster, ask(server, '/clientip'))).toMatch(new RegExp(`^${client.replaceAll('.', '\\.')}:\\d+$`));
    expect(await inPod(cluster, tellOutside)).toMatch(/10\.224\.0\.4$/);
  });

  it('are not reached from outside by their own address, and are by a port of a node', async () => {
    const netns = hostNetnsName(labNames.get(cluster) ?? '', 'ext');
    const connected = (address: string, port: number): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connectTcp({ netns, address, port });
        const done = (answer: boolean): void => {
          clearTimeout(timer);
          socket.destroy();
          resolve(answer);
        };
        const timer = setTimeout(() => done(false), 2_000);
        socket.on('connect', () => done(true));
        socket.on('error', () => done(false));
      });
    const server = await addressOf(cluster, `server-${cluster}`);
    expect(await connected(server, 8080)).toBe(false);
    await kubectl(cluster, `expose pod server-${cluster} -n demo --name=entrance --type=NodePort --port=8080`);
    const port = await kubectl(cluster, "get service entrance -n demo -o jsonpath='{.spec.ports[0].nodePort}'");
    await expect.poll(() => connected('10.224.0.4', Number(port)), { timeout: 60_000 }).toBe(true);
  });

  it('have the API server and DNS at the addresses that were asked for', async () => {
    expect(await kubectl(cluster, "get service kubernetes -o jsonpath='{.spec.clusterIP}'")).toBe(services.api);
    expect(await kubectl(cluster, "get service kube-dns -n kube-system -o jsonpath='{.spec.clusterIP}'")).toBe(services.dns);
    expect(await inPod(cluster, 'getent hosts kubernetes.default')).toMatch(/^10\.2\.0\.1\s/);
    const token = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
    expect(
      await inPod(
        cluster,
        `openssl s_client -connect ${services.api}:443 -CAfile ${token} -verify_ip ${services.api} < /dev/null 2>&1 | grep -q "Verify return code: 0" && echo verified`,
      ),
    ).toBe('verified');
  });

  it('are protected: TIMEOUT, and connect with a label; outside is judged by its own address', async () => {
    const server = await addressOf(cluster, `server-${cluster}`);
    const answer = (): Promise<string> => inPod(cluster, ask(server, '/hostname'));
    expect(await answer()).toBe(`server-${cluster}`);
    const ingress = [{ from: [{ podSelector: { matchLabels: { may: 'enter' } } }] }];
    await apply(cluster, 'server', { podSelector: { matchLabels: { app: 'server' } }, ingress });
    const verdict = async (): Promise<string> => {
      const { stdout, stderr } = await az.line(
        `kubectl --context ${cluster} exec client -n demo -- /agnhost connect ${server}:8080 --timeout=2s --protocol=tcp`,
      );
      return `${stdout}${stderr}`.split('\n')[0] ?? '';
    };
    await expect.poll(verdict, { timeout: 60_000 }).toBe('TIMEOUT');
    await kubectl(cluster, 'label pod client -n demo may=enter');
    await expect.poll(verdict, { timeout: 60_000 }).toBe('');
    const egress = (to: string): object => ({
      podSelector: { matchLabels: { app: 'client' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: to } }] }],
    });
    await apply(cluster, 'client', egress('203.0.113.99/32'));
    await expect.poll(() => inPod(cluster, tellOutside), { timeout: 60_000 }).toBe('');
    await apply(cluster, 'client', egress(`${outside}/32`));
    await expect.poll(() => inPod(cluster, tellOutside), { timeout: 60_000 }).toMatch(/10\.224\.0\.4$/);
    await kubectl(cluster, 'delete networkpolicy --all -n demo');
  });
});

describe('a cluster without a plugin', () => {
  const overrides = (spec: object): string =>
    `--overrides='${JSON.stringify({ spec: { tolerations: [{ operator: 'Exists' }], ...spec } })}'`;

  it('has been made, and its nodes wait for a plugin', async () => {
    expect(await az.output(`az aks show ${group} --name bare --query provisioningState -o tsv`)).toBe('Succeeded');
    const ready = `get nodes -o jsonpath='{range .items[0].status.conditions[?(@.type=="Ready")]}{.status} {.reason} {.message}{end}'`;
    expect(await kubectl('bare', ready)).toMatch(/^False KubeletNotReady .*NetworkPluginNotReady.*cni plugin not initialized$/);
    expect(await kubectl('bare', "get nodes -o jsonpath='{.items[0].spec.taints[*].key}'")).toContain('node.kubernetes.io/not-ready');
  });

  it('lets pods of the host run, and all others wait in ContainerCreating', async () => {
    await kubectl('bare', `run host --image=agnhost ${overrides({ hostNetwork: true })} --command -- /agnhost pause`);
    await kubectl('bare', `run waiting --image=agnhost ${overrides({})} --command -- /agnhost pause`);
    await kubectl('bare', 'wait --for=condition=Ready pod/host --timeout=60s');
    const row = (): Promise<string> => kubectl('bare', 'get pod waiting --no-headers');
    await expect.poll(row, { timeout: 30_000 }).toMatch(/^waiting\s+0\/1\s+ContainerCreating/);
    const events = (): Promise<string> => kubectl('bare', 'get events --field-selector reason=NetworkNotReady,involvedObject.name=waiting');
    await expect.poll(events, { timeout: 30_000 }).toContain('network is not ready: container runtime network not ready');
    await kubectl('bare', 'delete pod host waiting --grace-period=1 --timeout=60s');
  });
});

describe('clusters side by side', () => {
  it('do not reach each other’s pods and services, which have the same addresses', async () => {
    await kubectl('kube', `create service clusterip only -n demo --clusterip=${services.only} --tcp=8080:8080`);
    await kubectl('kube', 'patch service only -n demo --type=merge -p \'{"spec":{"selector":{"app":"server"}}}\'');
    await expect.poll(() => inPod('kube', ask(services.only, '/hostname')), { timeout: 60_000 }).toBe('server-kube');
    expect(await inPod('over', ask(services.only, '/hostname'))).toBe('');
    expect(await inPod('over', ask(await addressOf('kube', 'server-kube'), '/hostname'))).not.toBe('server-kube');
    expect(await inPod('kube', ask(await addressOf('over', 'server-over'), '/hostname'))).not.toBe('server-over');
  });

  it('do not know each other’s names and objects', async () => {
    expect(await inPod('kube', 'getent hosts only.demo')).toContain(services.only);
    expect(await inPod('over', 'getent hosts only.demo')).toBe('');
    expect((await az.line('kubectl --context over get service only -n demo')).stderr).toContain('NotFound');
  });

  it('do not take each other’s credentials', async () => {
    const { code, stdout } = await az.line('kubectl --context over --user clusterUser_rg_kube get nodes --request-timeout=10s');
    expect([code === 0, stdout]).toEqual([false, '']);
  });

  it('do not enforce each other’s policies', async () => {
    await apply('kube', 'closed', { podSelector: {}, policyTypes: ['Ingress'] });
    const answer = async (cluster: Engine): Promise<string> =>
      inPod(cluster, ask(await addressOf(cluster, `server-${cluster}`), '/hostname'));
    await expect.poll(() => answer('kube'), { timeout: 60_000 }).toBe('');
    expect(await answer('over')).toBe('server-over');
  });
});

describe('what Calico brings into its cluster', () => {
  const forbidden = /is forbidden: Calico enforces the network policies of this cluster and needs it; change the engine first/;
  const refused = async (line: string): Promise<void> => {
    const { code, stderr } = await az.line(`kubectl --context kube ${line}`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(forbidden) as string]);
  };
  const kinds = async (): Promise<readonly string[]> =>
    (await kubectl('kube', 'get customresourcedefinitions -o name')).split('\n').filter((name) => /projectcalico|tigera/.test(name));

  it('are the kinds that AKS installs, and an Installation', async () => {
    expect(await kinds()).toHaveLength(30);
    expect(
      await kubectl('kube', "get installation default -o jsonpath='{.spec.variant} {.spec.kubernetesProvider} {.spec.cni.ipam.type}'"),
    ).toBe('Calico AKS HostLocal');
    expect(await kubectl('kube', 'get tigerastatus calico --no-headers')).toMatch(/^calico\s+True\s+False\s+False/);
    expect((await az.line('kubectl --context over get installation default')).code).not.toBe(0);
    // The short word goes on to mean the kind of Kubernetes.
    expect(await kubectl('kube', 'get networkpolicy -n demo -o jsonpath={.items[*].apiVersion}')).toBe('networking.k8s.io/v1');
  });

  it('is enforced: a policy of Calico lets in before a policy of Kubernetes isolates', async () => {
    const answer = async (): Promise<string> => inPod('kube', ask(await addressOf('kube', 'server-kube'), '/hostname'));
    await apply('kube', 'closed', { podSelector: {}, policyTypes: ['Ingress'] });
    await expect.poll(answer, { timeout: 60_000 }).toBe('');
    const spec = { order: 1, selector: 'app == "server"', ingress: [{ action: 'Allow', source: { selector: 'app == "client"' } }] };
    const policy = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name: 'let-in' }, spec };
    await az.output(`kubectl --context kube apply -f - <<< '${JSON.stringify(policy)}'`);
    await expect.poll(answer, { timeout: 60_000 }).toBe('server-kube');
    await kubectl('kube', 'delete globalnetworkpolicies.projectcalico.org let-in');
    await kubectl('kube', 'delete networkpolicy --all -n demo');
  });

  it('is refused to whoever deletes it while Calico enforces, unlike what people made themselves', async () => {
    await refused('delete customresourcedefinition globalnetworkpolicies.crd.projectcalico.org');
    await refused('delete customresourcedefinition --all');
    await refused('delete installation default');
    await refused('delete tiers.crd.projectcalico.org --all');
    expect(await kinds()).toHaveLength(30);
    const mine = (name: string): string =>
      JSON.stringify({
        apiVersion: 'crd.projectcalico.org/v1',
        kind: 'GlobalNetworkSet',
        metadata: { name },
        spec: { nets: ['203.0.113.0/24'] },
      });
    for (const name of ['one', 'two']) await az.output(`kubectl --context kube apply -f - <<< '${mine(name)}'`);
    await kubectl('kube', 'delete globalnetworkset one');
  });

  it('stays when Calico goes, and can be deleted by hand then', async () => {
    const id = await az.output(`az aks show ${group} --name kube --query id -o tsv`);
    const url = `${id}?api-version=2025-03-01`;
    const cluster = JSON.parse(await az.output(`az rest --method get --url '${url}'`)) as { properties: { networkProfile: object } };
    const networkProfile = { ...cluster.properties.networkProfile, networkPolicy: 'none' };
    const body = JSON.stringify({ ...cluster, properties: { ...cluster.properties, networkProfile } });
    await az.output(`az rest --method put --url '${url}' --body '${body}' && az aks wait ${group} --name kube --updated --interval 1`);
    const policy = `az rest --method get --url '${url}' --query properties.networkProfile.networkPolicy -o tsv`;
    expect(await az.output(policy)).toBe('none');
    expect(await kinds()).toHaveLength(30);
    expect(await kubectl('kube', 'get globalnetworkset two -o jsonpath={.spec.nets[0]}')).toBe('203.0.113.0/24');
    await kubectl('kube', 'delete installation default --timeout=60s');
    await kubectl('kube', `delete ${(await kinds()).join(' ')} --timeout=60s`);
    expect(await kinds()).toEqual([]);
  }, 300_000);
});

/** Engines in the lab: where the specification leaves room, real packets go where the profile says, and `weir why` says the same. */
import { engineProfiles } from '@weir/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const patienceMs = 60_000;

function policy(name: string, spec: unknown): string {
  return JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'demo' }, spec });
}

/** A pod on the node's network when `hostNetwork` says so; both serve on port 8080. */
function server(name: string, hostNetwork: boolean): string {
  const command = ['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port', '8080'];
  const containers = [{ name: 'main', image: 'k8s.gcr.io/e2e-test-images/agnhost:2.33', command }];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo' },
    spec: { hostNetwork, terminationGracePeriodSeconds: 0, containers },
  });
}

describe.each([engineProfiles.azure, engineProfiles.cilium])('a cluster that behaves like $name', (profile) => {
  let cluster: LabCluster;
  const addresses: Record<string, string> = {};
  beforeAll(async () => {
    cluster = await LabCluster.up({ more: ['--engine', profile.name] });
    await cluster.kubectlOutput('create namespace demo');
    const documents = [server('pod', false), server('client', false), server('node', true)];
    await cluster.kubectlOutput('apply -f -', `{"apiVersion":"v1","kind":"List","items":[${documents.join()}]}`);
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -n demo --timeout=60s');
    for (const name of ['pod', 'node']) addresses[name] = await cluster.addressOf('demo', name);
  });
  afterAll(async () => {
    await cluster?.down();
  });

  /** Whether a connection gets through, tried and as `weir why` judges it without being told the engine. */
  async function outcomes(to: 'pod' | 'node'): Promise<readonly string[]> {
    const { stdout, stderr } = await cluster.kubectl(
      `exec client -n demo -- /agnhost connect ${addresses[to]}:8080 --timeout=1s --protocol=tcp`,
    );
    const tried = `${stdout}${stderr}`.includes('TIMEOUT') ? 'deny' : 'allow';
    const why = await cluster.weir(['why', 'demo/client', addresses[to] ?? '', '8080', '--name', cluster.name, '-o', 'json']);
    return [tried, (JSON.parse(why.stdout) as { verdict: string }).verdict];
  }

  async function enforce(document: string): Promise<void> {
    await cluster.kubectlOutput('apply -f -', document);
    const { code, stdout, stderr } = await cluster.weir(['policy', 'status', '--wait', '--name', cluster.name]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  }

  it('is enforced by the data plane of its engine', async () => {
    const { stdout } = await cluster.weir(['status', '--name', cluster.name]);
    expect(stdout).toContain(`engine ${profile.name}`);
    expect(stdout).toMatch(new RegExp(`node1 .*in force \\(${profile.dataplanes.linux}\\)`));
  });

  it('lets a pod reach its own node, with its egress closed, as the table says', async () => {
    await enforce(policy('closed', { podSelector: {}, policyTypes: ['Egress'] }));
    const verdict = profile.podReachesOwnNode.includes('linux') ? 'allow' : 'deny';
    expect(await outcomes('node')).toEqual([verdict, verdict]);
    expect(await outcomes('pod')).toEqual(['deny', 'deny']);
  });

  it('lets an ipBlock mean pods and nodes as the table says', async () => {
    const everybody = { ipBlock: { cidr: '0.0.0.0/0' } };
    await enforce(policy('closed', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [everybody] }] }));
    const verdicts = [profile.ipBlockMatchesPods, profile.ipBlockMatchesNodes].map((matches) => (matches ? 'allow' : 'deny'));
    expect(await outcomes('pod')).toEqual([verdicts[0], verdicts[0]]);
    expect(await outcomes('node')).toEqual([verdicts[1], verdicts[1]]);
  });

  it('refuses or enforces a policy with an IPv6 block as the table says: status, log and Event name policy, field and feature', async () => {
    await cluster.kubectlOutput('apply -f -', policy('closed', { podSelector: {}, policyTypes: ['Egress'] }));
    const gap = profile.unsupported.find(({ feature }) => feature === 'ipv6');
    await cluster.kubectlOutput(
      'apply -f -',
      policy('wide', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8' } }] }] }),
    );
    const deadline = Date.now() + patienceMs;
    let status = await cluster.weir(['policy', 'status', 'demo/wide', '--name', cluster.name]);
    const isSettled = (): boolean => (gap === undefined ? status.code === 0 : status.stdout.includes(gap.message));
    while (!isSettled() && Date.now() < deadline) status = await cluster.weir(['policy', 'status', 'demo/wide', '--name', cluster.name]);
    expect(status.code).toBe(gap === undefined ? 0 : 1);
    if (gap === undefined) return;
    expect(status.stdout).toMatch(/spec\.ingress\[0\]\.from\[0\]\.ipBlock\.cidr/);
    expect(status.stdout).toContain('NOTHING, as the engine does');
    let events = '';
    while (!events.includes(gap.message) && Date.now() < deadline)
      events = await cluster.kubectlOutput("get events -n demo -o jsonpath='{range .items[*]}{.involvedObject.name} {.message}{end}'");
    expect(events).toMatch(/wide .*NOT ENFORCED/s);
  });
});

describe('weir up', () => {
  it.each([
    [['--engine', 'azure', '--dual-stack'], /does not support IPv6/],
    [['--engine', 'cilium', '--windows-nodes', '1'], /cilium runs on Linux only/],
    [['--engine', 'none', '--dataplane', 'nftables'], /has no data plane/],
  ])('refuses %j with exit 2, and makes nothing', async (more, reason) => {
    await expect(LabCluster.up({ more })).rejects.toThrow(reason);
  });
});

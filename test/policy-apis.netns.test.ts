/** Policies of Calico in a cluster that AKS would make with `--network-policy calico`: kubectl stores them, packets obey them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const waiting = { timeout: 60_000, interval: 200 };
const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';
const group = 'crd.projectcalico.org/v1';

let lab: LabCluster;
let server = '';

/** A pod with a service account of its own, which has its name. */
function pod(name: string, command: string): string {
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name}, namespace: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { serviceAccountName: ${name}, containers: [{ name: c, image: "${image}", command: [${command}] }] }
---`;
}

interface PolicyText {
  readonly kind?: string;
  readonly name: string;
  /** Lines of the spec, besides the selector of the server. */
  readonly spec: string;
}

function policy({ kind = 'NetworkPolicy', name, spec }: PolicyText): string {
  const namespace = kind.includes('Global') ? '' : ', namespace: shop';
  return `
apiVersion: ${group}
kind: ${kind}
metadata: { name: ${name}${namespace} }
spec: { selector: 'app == "server"', ${spec} }
---`;
}

const tier = (name: string, spec: string): string => `
apiVersion: ${group}
kind: Tier
metadata: { name: ${name} }
spec: { ${spec} }
---`;

async function apply(...manifests: readonly string[]): Promise<void> {
  await lab.kubectlOutput('apply -f -', manifests.join('\n'));
}

async function connects(from: string): Promise<string> {
  const { code, stderr } = await lab.kubectl(`exec -n shop ${from} -- /agnhost connect ${server}:80 --timeout=1s --protocol=tcp`);
  return code === 0 ? 'allow' : /TIMEOUT/.test(stderr) ? 'deny' : stderr;
}

/** What packets find, and that `weir why` says the same. */
async function expectVerdicts(expected: Readonly<Record<string, 'allow' | 'deny'>>): Promise<void> {
  for (const [from, verdict] of Object.entries(expected)) {
    await vi.waitFor(async () => expect(`${from} ${await connects(from)}`).toBe(`${from} ${verdict}`), waiting);
    const { stdout, stderr } = await lab.weir(['why', `shop/${from}`, 'shop/server', '80', '--name', lab.name]);
    expect(`${stdout}${stderr}`).toMatch(new RegExp(`^${verdict}: shop/${from} `, 'm'));
  }
}

const kinds = 'networkpolicies,globalnetworkpolicies,stagednetworkpolicies';
const stored = (names: string): string =>
  names
    .split(',')
    .map((name) => `${name}.crd.projectcalico.org`)
    .join(',');

describe('policies of Calico', () => {
  beforeAll(async () => {
    lab = await LabCluster.up({ more: ['--engine', 'calico'] });
    const serve = ['serve-hostname', '--tcp', '--http=false', '--port', '80'].map((word) => `"${word}"`).join(', ');
    await lab.kubectlOutput('create namespace shop');
    await apply(pod('server', `/agnhost, ${serve}`), pod('a', '/agnhost, pause'), pod('b', '/agnhost, pause'));
    await lab.kubectlOutput('wait --for=condition=Ready pod --all -n shop --timeout=60s');
    server = await lab.addressOf('shop', 'server');
  }, 120_000);
  afterAll(async () => {
    await lab.down();
  });

  it('decide in their tiers: a denial before what a later tier allows, and a pass to that tier', async () => {
    await expectVerdicts({ a: 'allow', b: 'allow' });
    await apply(
      tier('security', 'order: 100'),
      policy({
        kind: 'GlobalNetworkPolicy',
        name: 'security.deny-b',
        spec: `tier: security, ingress: [{ action: Deny, source: { selector: 'app == "b"' } }, { action: Pass }]`,
      }),
      policy({ name: 'default.allow', spec: 'order: 10, ingress: [{ action: Allow, protocol: TCP, destination: { ports: [80] } }]' }),
    );
    await expectVerdicts({ b: 'deny', a: 'allow' });
    const { stdout } = await lab.weir(['why', 'shop/b', 'shop/server', '80', '--name', lab.name]);
    expect(stdout).toContain('denied, rule ingress[0] of GlobalNetworkPolicy security.deny-b of tier security matches');
    const status = await lab.weir(['policy', 'status', '--wait', '--name', lab.name]);
    expect(status.stdout).toMatch(/^GlobalNetworkPolicy +- +security\.deny-b +in force +1\/1 +1 /m);
    expect(status.stdout).toMatch(/^NetworkPolicy +shop +default\.allow +in force +1\/1 +1 /m);
  });

  it('decide in the order that they give, and anew when their tier changes', async () => {
    await apply(policy({ name: 'default.first', spec: `order: 1, ingress: [{ action: Deny, source: { selector: 'app == "a"' } }]` }));
    await expectVerdicts({ a: 'deny', b: 'deny' });
    // Behind the tier of all others, which allows b now.
    await apply(tier('security', 'order: 2000000'));
    await expectVerdicts({ b: 'allow', a: 'deny' });
    await lab.kubectlOutput(`delete -n shop ${stored('networkpolicies')} default.first`);
    await expectVerdicts({ a: 'allow', b: 'allow' });
  });

  it('mean by labels the addresses of network sets, too, as these are now', async () => {
    const set = (address: string): string => `
apiVersion: ${group}
kind: GlobalNetworkSet
metadata: { name: unwanted, labels: { role: unwanted } }
spec: { nets: ["${address}/32"] }
---`;
    const [a, b] = [await lab.addressOf('shop', 'a'), await lab.addressOf('shop', 'b')];
    await apply(
      set(b),
      policy({
        kind: 'GlobalNetworkPolicy',
        name: 'default.sets',
        spec: `order: 0, ingress: [{ action: Deny, source: { selector: 'role == "unwanted"' } }]`,
      }),
    );
    await expectVerdicts({ b: 'deny', a: 'allow' });
    await apply(set(a));
    await expectVerdicts({ a: 'deny', b: 'allow' });
    await lab.kubectlOutput(`delete ${stored('globalnetworkpolicies')} default.sets`);
    await expectVerdicts({ a: 'allow' });
  });

  it('mean the endpoints of a service on the ports that it serves, as it has them now, and the own endpoint by its labels', async () => {
    const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: 8080, targetPort: 80 }] }
---`;
    await apply(
      service('server'),
      policy({
        name: 'default.services',
        spec: `order: 0, types: [Egress], egress: [{ action: Allow, source: { selector: 'app == "a"' }, destination: { services: { name: web } } }]`,
      }).replace(`selector: 'app == "server"'`, `selector: 'app in { "a", "b" }'`),
    );
    await expectVerdicts({ b: 'deny', a: 'allow' });
    await apply(service('nobody'));
    await expectVerdicts({ a: 'deny' });
    await lab.kubectlOutput(`delete -n shop service/web ${stored('networkpolicies')}/default.services`);
    await expectVerdicts({ a: 'allow', b: 'allow' });
  });

  it('mean pods by their service accounts, and these by the labels that they have now', async () => {
    const ofAccounts = (asked: string): string =>
      policy({ name: 'default.accounts', spec: `order: 0, ingress: [{ action: Deny, source: { serviceAccounts: { ${asked} } } }]` });
    await apply(ofAccounts('names: [b]'));
    await expectVerdicts({ b: 'deny', a: 'allow' });
    await apply(ofAccounts(`selector: 'duty == "none"'`));
    await expectVerdicts({ b: 'allow' });
    await lab.kubectlOutput('label serviceaccount -n shop a duty=none');
    await expectVerdicts({ a: 'deny', b: 'allow' });
    await apply(ofAccounts('names: [a]').replace(`selector: 'app == "server"'`, `serviceAccountSelector: 'duty == "serve"'`));
    await expectVerdicts({ a: 'allow' });
    await lab.kubectlOutput('label serviceaccount -n shop server duty=serve');
    await expectVerdicts({ a: 'deny', b: 'allow' });
    await lab.kubectlOutput(`delete -n shop ${stored('networkpolicies')} default.accounts`);
  });

  it('mean the endpoint that they select by its address', async () => {
    const onAddress = (asked: string): string =>
      policy({ name: 'default.address', spec: `order: 0, ingress: [{ action: Deny, destination: { ${asked} } }, { action: Allow }]` });
    await apply(onAddress(`nets: ["${server}/32"]`));
    await expectVerdicts({ a: 'deny' });
    await apply(onAddress(`notNets: ["${server}/32"]`));
    await expectVerdicts({ a: 'allow' });
    await lab.kubectlOutput(`delete -n shop ${stored('networkpolicies')} default.address`);
  });

  it('are not enforced while they are staged', async () => {
    await apply(policy({ kind: 'StagedNetworkPolicy', name: 'default.staged', spec: 'order: 0, ingress: [{ action: Deny }]' }));
    await apply(policy({ name: 'default.first', spec: `order: 1, ingress: [{ action: Deny, source: { selector: 'app == "a"' } }]` }));
    await expectVerdicts({ a: 'deny', b: 'allow' });
    await lab.kubectlOutput(`delete -n shop ${stored('networkpolicies')} default.first`);
    await expectVerdicts({ a: 'allow' });
  });

  it('are refused as a whole for a part that cannot be enforced, with an Event; what they govern is closed', async () => {
    await apply(
      policy({ name: 'default.http', spec: 'order: 1, ingress: [{ action: Allow }, { action: Allow, http: { methods: [GET] } }]' }),
    );
    await expectVerdicts({ a: 'deny', b: 'deny' });
    await vi.waitFor(async () => {
      const events = await lab.kubectlOutput('get events -n shop --field-selector reason=PolicyRefused');
      expect(events).toMatch(/Warning +PolicyRefused +networkpolicy\/default\.http .*HTTP methods and paths need a proxy/);
    }, waiting);
    await lab.kubectlOutput(`delete ${stored(kinds)} -n shop --all`);
    await expectVerdicts({ a: 'allow', b: 'allow' });
  });
});

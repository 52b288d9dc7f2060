/**
 * Policies of Calico and of Cilium in one cluster of Weir's own engine: each is enforced where it is alone, and a pod that both
 * select is closed, which Events, status and answers say with the names of both.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const waiting = { timeout: 60_000, interval: 200 };
const image = 'k8s.gcr.io/e2e-test-images/agnhost:2.33';

let lab: LabCluster;
const addresses = new Map<string, string>();

function pod(name: string, command: string): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { containers: [{ name: c, image: "${image}", command: [${command}] }] }
---`;
}

const ofCalico = `
apiVersion: crd.projectcalico.org/v1
kind: NetworkPolicy
metadata: { name: default.of-calico, namespace: shop }
spec: { selector: 'app == "web"', ingress: [{ action: Allow, source: { selector: 'app == "client"' } }] }
---`;
const ofCilium = (selector: string): string => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: of-cilium, namespace: shop }
spec: { endpointSelector: { matchLabels: ${selector} }, ingress: [{ fromEndpoints: [{ matchLabels: { app: client } }] }] }
---`;

async function connects(to: string): Promise<string> {
  const { code, stderr } = await lab.kubectl(
    `exec -n shop client -- /agnhost connect ${addresses.get(to) ?? ''}:80 --timeout=1s --protocol=tcp`,
  );
  return code === 0 ? 'allow' : /TIMEOUT/.test(stderr) ? 'deny' : stderr;
}

async function expectVerdict(to: string, verdict: 'allow' | 'deny'): Promise<void> {
  await vi.waitFor(async () => expect(`${to} ${await connects(to)}`).toBe(`${to} ${verdict}`), waiting);
  const { stdout, stderr } = await lab.weir(['why', 'shop/client', `shop/${to}`, '80', '--name', lab.name]);
  expect(`${stdout}${stderr}`).toMatch(new RegExp(`^${verdict}: shop/client `, 'm'));
}

/** Each as `reason: message`. */
async function eventsOf(name: string): Promise<string> {
  const text = await lab.kubectlOutput(`get events -n shop --field-selector involvedObject.name=${name} -o json`);
  const { items } = JSON.parse(text) as { items: { reason: string; message: string }[] };
  return items.map(({ reason, message }) => `${reason}: ${message}`).join('\n');
}

beforeAll(async () => {
  lab = await LabCluster.up();
  const serve = ['serve-hostname', '--tcp', '--http=false', '--port', '80'].map((word) => `"${word}"`).join(', ');
  await lab.kubectlOutput('create namespace shop');
  const pods = [pod('web', `/agnhost, ${serve}`), pod('db', `/agnhost, ${serve}`), pod('client', '/agnhost, pause')];
  await lab.kubectlOutput('apply -f -', pods.join('\n'));
  await lab.kubectlOutput('wait --for=condition=Ready pod --all -n shop --timeout=60s');
  for (const name of ['web', 'db']) addresses.set(name, await lab.addressOf('shop', name));
}, 120_000);
afterAll(async () => {
  await lab.down();
});

it('close a pod that both select, say so with both names, and are in force for it as soon as one of them is alone', async () => {
  await lab.kubectlOutput('apply -f -', ofCalico);
  await expectVerdict('web', 'allow');
  await lab.kubectlOutput('apply -f -', ofCilium('{}'));
  await expectVerdict('web', 'deny');
  await expectVerdict('db', 'allow');

  const why = await lab.weir(['why', 'shop/client', 'shop/web', '80', '--name', lab.name]);
  for (const text of ['default.of-calico', 'CiliumNetworkPolicy shop/of-cilium', 'have no order among each other'])
    expect(why.stdout).toContain(text);
  await vi.waitFor(async () => {
    const events = await Promise.all([eventsOf('default.of-calico'), eventsOf('of-cilium')]);
    expect(events[0]).toMatch(/PolicyRefused: The policy cannot be enforced for all pods: .*CiliumNetworkPolicy shop\/of-cilium/);
    expect(events[1]).toMatch(/PolicyRefused:.*NetworkPolicy shop\/.*of-calico.*in force for all other pods/);
    const { stdout } = await lab.weir(['policy', 'status', '--name', lab.name]);
    expect(stdout).toMatch(/^CiliumNetworkPolicy +shop +of-cilium +refused /m);
    expect(stdout).toMatch(/^NetworkPolicy +shop +default\.of-calico +refused /m);
  }, waiting);

  await lab.kubectlOutput('apply -f -', ofCilium('{ app: db }'));
  await expectVerdict('web', 'allow');
  await vi.waitFor(async () => expect(await eventsOf('of-cilium')).toContain('PolicyAccepted'), waiting);
  await lab.kubectlOutput('apply -f -', ofCilium('{ app: web }'));
  await expectVerdict('web', 'deny');
  await lab.kubectlOutput('delete -n shop networkpolicies.crd.projectcalico.org default.of-calico');
  await expectVerdict('web', 'allow');
  const { stdout } = await lab.weir(['policy', 'status', '--wait', '--name', lab.name]);
  expect(stdout).toMatch(/^CiliumNetworkPolicy +shop +of-cilium +in force /m);
});

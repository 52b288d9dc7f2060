/** Unmodified helm, 4 and 3, with the chart of `examples/`: installed, upgraded, rolled back, tested and removed on a live cluster. */
import { join } from 'node:path';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const chart = join(import.meta.dirname, '..', 'examples', 'chart');

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2 });
});
afterAll(async () => {
  await cluster?.down();
});

/** The output of a helm command that must succeed. */
async function outputOf(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${stdout}${stderr}`);
  return stdout.trim();
}

function run(line: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return runProgram('bash', ['-c', line], { env: cluster.env, input: undefined });
}

/** What the deployment of the release shows. */
function webServers(namespace: string): Promise<string> {
  return cluster.kubectlOutput(
    `get deployment web -n ${namespace} -o jsonpath='{.spec.replicas} of {.spec.template.spec.containers[0].image}, {.status.readyReplicas} ready'`,
  );
}

/** The custom resource of the release as kubectl lists it: its text, and how often, which the schema says. */
async function customGreeting(namespace: string): Promise<string> {
  return (await cluster.kubectlOutput(`get greeting web -n ${namespace} --no-headers`)).replace(/ +/g, ' ');
}

function greeting(namespace: string): Promise<string> {
  return cluster.kubectlOutput(`get configmap web -n ${namespace} -o jsonpath={.data.greeting}`);
}

/** Kinds and names of what is left in a namespace, apart from what every namespace has. */
async function contents(namespace: string): Promise<readonly string[]> {
  const names = await cluster.kubectlOutput(`get all,networkpolicies,configmaps,secrets,serviceaccounts,greetings -n ${namespace} -o name`);
  return names.split('\n').filter((name) => name !== '' && name !== 'configmap/kube-root-ca.crt' && name !== 'serviceaccount/default');
}

/** The definition that the chart brings: it must stay the same one. */
function definition(): Promise<string> {
  return cluster.kubectlOutput("get crd greetings.greeter.example.com -o jsonpath='{.metadata.uid} {.metadata.generation}'");
}

describe.each([
  ['server-side apply', 'by-apply', 'helm', ''],
  ['patches computed by helm', 'by-patch', 'helm', '--server-side=false'],
  ['helm 3', 'by-helm-3', 'helm-3.17', ''],
])('a release by %s', (_way, namespace, program, flags) => {
  const helm = (line: string): Promise<string> => outputOf(`${program} ${line}`);
  let defined: string;
  const image = 'registry.k8s.io/e2e-test-images/agnhost';

  it('is installed when its pods are ready and its hook has connected through the policy', async () => {
    const told = await helm(`install web ${chart} -n ${namespace} --create-namespace --wait --timeout 120s ${flags}`);
    expect(told).toContain('STATUS: deployed');
    expect(told).toContain(`web answers at web.${namespace}.svc.cluster.local:80`);
    expect(await webServers(namespace)).toBe(`2 of ${image}:2.53, 2 ready`);
    // Its definition was established before the first object of that kind was sent.
    expect(await customGreeting(namespace)).toBe('web hello 1');
    defined = await definition();
  });

  it('passes its test: a pod without the label is blocked', async () => {
    expect(await helm(`test web -n ${namespace} --timeout 120s`)).toMatch(/^TEST SUITE: +web-blocked$[^]*^Phase: +Succeeded$/m);
  });

  it('is upgraded, and the pods are new where the chart changed them', async () => {
    const values = `--set replicas=3,greeting=salute,image=${image}:2.54`;
    expect(await helm(`upgrade web ${chart} -n ${namespace} --wait --timeout 120s ${values} ${flags}`)).toContain('REVISION: 2');
    expect(await webServers(namespace)).toBe(`3 of ${image}:2.54, 3 ready`);
    expect(await greeting(namespace)).toBe('salute');
    expect(await customGreeting(namespace)).toBe('web salute 1');
  });

  it('is rolled back to what it was', async () => {
    await helm(`rollback web 1 -n ${namespace} --wait --timeout 120s ${flags}`);
    expect(await webServers(namespace)).toBe(`2 of ${image}:2.53, 2 ready`);
    expect(await greeting(namespace)).toBe('hello');
    expect(await customGreeting(namespace)).toBe('web hello 1');
    expect(await helm(`history web -n ${namespace} -o json`)).toMatch(
      /"revision":3,[^}]*"status":"deployed",[^}]*"description":"Rollback to 1"/,
    );
  });

  it('is removed with everything that it made, except the definition of its kind', async () => {
    expect(await helm(`uninstall web -n ${namespace} --wait --timeout 120s`)).toBe('release "web" uninstalled');
    // What a test left stays for whoever wants to read its log; helm says so.
    await expect.poll(() => contents(namespace), { timeout: 60_000 }).toEqual(['pod/web-blocked']);
    expect(await definition()).toBe(defined);
  });
});

describe('helm', () => {
  it('changes nothing in a dry run of the server', async () => {
    const told = await outputOf(`helm install dry ${chart} -n default --dry-run=server`);
    expect(told).toContain('kind: NetworkPolicy');
    expect(await contents('default')).toEqual(['service/kubernetes']);
  });

  it('says why the server refuses a chart, and takes back what it had made', async () => {
    const { code, stderr } = await run(`helm install bad ${chart} -n default --wait --timeout 60s --rollback-on-failure --set replicas=-1`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('spec.replicas: Invalid value: -1: must be greater than or equal to 0');
    await expect.poll(() => contents('default'), { timeout: 60_000 }).toEqual(['service/kubernetes']);
  });

  it('says which field of a custom resource its definition does not take', async () => {
    const { code, stderr } = await run(`helm install bad ${chart} -n default --rollback-on-failure --set-string greeting=`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('spec.text: Invalid value: "": spec.text in body should be at least 1 chars long');
  });
});

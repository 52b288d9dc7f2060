/**
 * Who may do what in a cluster, as its audit log tells it: every part has an identity of its own and the rights that
 * it needs, and the agent works with what `deploy/kubernetes` gives it.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LoggedEvent, loggedEvents } from '../packages/apiserver/test/support/audit-events.ts';
import { BackgroundProgram } from './support/background-program.ts';
import { LabCluster } from './support/lab-cluster.ts';

const root = join(import.meta.dirname, '..');
const image = 'registry.example/e2e-test-images/agnhost:2.53';
const agentUser = 'system:serviceaccount:kube-system:weir-agent';
const waiting = { timeout: 60_000, interval: 200 };

let directory: string;
let cluster: LabCluster;
let agent: BackgroundProgram | undefined;

const state = (): string => join(cluster.directory, 'state', 'clusters', cluster.name);
const auditLog = (): string => join(state(), 'logs', 'audit.log');
const events = (): readonly LoggedEvent[] => [...loggedEvents(`${auditLog()}.1`), ...loggedEvents(auditLog())];
const refusedTo = (user: (name: string) => boolean): readonly string[] =>
  events()
    .filter((event) => event.annotations?.['authorization.k8s.io/decision'] === 'forbid' && user(event.user.username ?? ''))
    .map((event) => event.responseStatus?.message ?? '');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-rights-'));
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'RequestResponse' }] };
  writeFileSync(join(directory, 'audit.yaml'), JSON.stringify(policy));
  // Without an engine the only agent is the one of the test.
  cluster = await LabCluster.up({ more: ['--engine', 'none', '--audit-policy', join(directory, 'audit.yaml')] });
}, 120_000);
afterAll(async () => {
  await agent?.stop();
  await cluster?.down();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('the parts of a cluster', () => {
  it('have identities of their own: nobody but the administrator is of system:masters', async () => {
    const pki = join(state(), 'pki');
    const subjects = readdirSync(pki)
      .filter((file) => file.endsWith('.crt') && file !== 'ca.crt')
      .map((file) => new X509Certificate(readFileSync(join(pki, file))).subject);
    expect(subjects.filter((subject) => subject.includes('O=system:masters'))).toEqual(['O=system:masters\nCN=kubernetes-admin']);
    expect(subjects).toContain('O=system:nodes\nCN=system:node:node1');
    await cluster.kubectlOutput(`create deployment web --image=${image} --replicas=2 -- /agnhost netexec --http-port=8080`);
    await cluster.kubectlOutput('expose deployment web --port=80 --target-port=8080');
    await cluster.kubectlOutput('rollout status deployment web --timeout=60s');
    await vi.waitFor(() => {
      const users = new Map(events().map(({ user }) => [user.username ?? '', user.groups ?? []]));
      const ours = ['system:kube-controller-manager', 'system:kube-scheduler', 'system:node:node1', 'weir:bootstrap'];
      for (const name of ours) expect(users.get(name), name).toBeDefined();
      const masters = Array.from(users).filter(([, groups]) => groups.includes('system:masters'));
      expect(masters.map(([name]) => name)).toEqual(['kubernetes-admin']);
    }, waiting);
  });

  it('are allowed everything that they ask for while a workload comes, changes and goes', async () => {
    await cluster.kubectlOutput('scale deployment web --replicas=3');
    await cluster.kubectlOutput('rollout status deployment web --timeout=60s');
    await cluster.kubectlOutput('create namespace passing');
    await cluster.kubectlOutput('create configmap held -n passing --from-literal=a=b');
    await cluster.kubectlOutput(`create job once -n passing --image=${image} -- /agnhost pause`);
    await cluster.kubectlOutput('delete namespace passing --timeout=60s');
    await cluster.kubectlOutput('delete deployment/web service/web --timeout=60s');
    expect(refusedTo((name) => name !== 'kubernetes-admin')).toEqual([]);
  });

  it('write down who opened a shell where, and no secret', async () => {
    expect(statSync(auditLog()).mode & 0o777).toBe(0o600);
    await cluster.kubectlOutput(`run shell --image=${image} --command -- sleep infinity`);
    await cluster.kubectlOutput('wait pod shell --for=condition=Ready --timeout=60s');
    await cluster.kubectlOutput("create secret generic pass --from-literal=word='open-sesame'");
    expect(await cluster.kubectlOutput('exec shell -- echo done')).toBe('done');
    await vi.waitFor(() => {
      const stages = events().filter(({ objectRef }) => objectRef?.['subresource'] === 'exec');
      expect(stages.map(({ stage }) => stage)).toEqual(['ResponseStarted', 'ResponseComplete']);
      expect(stages[0]).toMatchObject({
        user: { username: 'kubernetes-admin' },
        objectRef: { resource: 'pods', namespace: 'default', name: 'shell', subresource: 'exec' },
        responseStatus: { code: 101 },
      });
      expect(stages[0]?.requestURI).toContain('command=echo&command=done');
      expect(events().some(({ objectRef, verb }) => objectRef?.['name'] === 'pass' && verb === 'create')).toBe(true);
    }, waiting);
    const text = readFileSync(auditLog(), 'utf8');
    expect(text).not.toContain('open-sesame');
    expect(text).not.toContain(Buffer.from('open-sesame').toString('base64'));
  });
});

describe('the agent with the rights of deploy/kubernetes', () => {
  it('enforces policies and tells of them, by the token of its service account, and is refused nothing', async () => {
    await cluster.kubectlOutput(`apply -f ${join(root, 'deploy/kubernetes/weir-agent.yaml')}`);
    agent = new BackgroundProgram(agentCommand(await mountedToken()), {
      ...cluster.env,
      WEIR_AGENT_NODE: 'node1',
      WEIR_AGENT_KUBECONFIG: 'in-cluster',
      WEIR_AGENT_POD_INTERFACES: 'weir',
      WEIR_AGENT_STATUS_SECONDS: '2',
      WEIR_AGENT_STATE_DIRECTORY: join(directory, 'agent'),
      WEIR_AGENT_GATE_SOCKET: join(directory, 'gate.sock'),
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBERNETES_SERVICE_PORT: '443',
    });
    await agent.until(/in sync and in force/);
    await cluster.kubectlOutput(`run server --image=${image} --labels=app=server -- netexec --http-port=80`);
    await cluster.kubectlOutput(`run client --image=${image} -- pause`);
    await cluster.kubectlOutput('wait pod server client --for=condition=Ready --timeout=60s');
    const target = `${await cluster.addressOf('default', 'server')}:80`;
    const connect = (): Promise<string> => cluster.connect({ namespace: 'default', pod: 'client' }, target);
    await vi.waitFor(async () => expect(await connect()).toBe(''), waiting);
    const podSelector = { matchLabels: { app: 'server' } };
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' }, spec: { podSelector } };
    await cluster.kubectlOutput('apply -f -', JSON.stringify(policy));
    await vi.waitFor(async () => expect(await connect()).toBe('TIMEOUT'), waiting);
    // The Lease tells that it is in force; the Event, that a policy is accepted or not.
    const status = await cluster.weir(['policy', 'status', 'closed', '-n', 'default', '--wait', '--name', cluster.name]);
    expect(status.stdout + status.stderr).toContain('closed');
    const own = events().filter(({ user }) => user.username === agentUser);
    expect(own.some(({ verb, objectRef }) => verb === 'patch' && objectRef?.['resource'] === 'leases')).toBe(true);
    expect(own.some(({ verb, objectRef }) => verb === 'watch' && objectRef?.['resource'] === 'networkpolicies')).toBe(true);
    expect(refusedTo((name) => name === agentUser)).toEqual([]);
    for (const other of ['secrets', 'configmaps', 'persistentvolumeclaims']) {
      const asked = await cluster.kubectl(`auth can-i get ${other} -A --as=${agentUser}`);
      expect(asked.stdout.trim(), other).toBe('no');
    }
  });

  /** The volume that a pod of the service account has: the node's own files, not copies. */
  async function mountedToken(): Promise<string> {
    const overrides = { spec: { serviceAccountName: 'weir-agent' } };
    await cluster.kubectlOutput(
      `run identity -n kube-system --image=${image} --overrides='${JSON.stringify(overrides)}' --command -- sleep infinity`,
    );
    await cluster.kubectlOutput('wait pod identity -n kube-system --for=condition=Ready --timeout=60s');
    const uid = await cluster.kubectlOutput("get pod identity -n kube-system -o jsonpath='{.metadata.uid}'");
    const volume = readdirSync(state(), { recursive: true, encoding: 'utf8' }).find(
      (path) => path.includes(uid) && /kube-api-access-[a-z0-9]+$/.test(path) && existsSync(join(state(), path, 'token')),
    );
    if (volume === undefined) throw new Error('the pod has no token');
    return join(state(), volume);
  }

  /** The agent of the DaemonSet, in the node's network and with the volume where Kubernetes mounts it. */
  function agentCommand(volume: string): string {
    const place = '/run/secrets/kubernetes.io/serviceaccount';
    const mounts = `mount -t tmpfs tmpfs /run && mkdir -p ${place} && mount --bind '${volume}' ${place}`;
    const weir = `'${process.execPath}' '${join(root, 'packages/cli/bin/weir.js')}'`;
    const netns = `/run/netns/${cluster.nodeNetns('node1')}`;
    return `nsenter --net=${netns} unshare --mount bash -c "${mounts} && exec ${weir} agent run"`;
  }
});

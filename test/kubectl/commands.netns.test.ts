/** What a person does with the unmodified kubectl beyond making and reading objects: rollouts, repairs, rights, files on disk. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from '@weir/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { KubectlSession, manifest } from './kubectl-session.ts';

const session = new KubectlSession();
const { background, kubectl, makeNamespace, refused } = session;

/** What a line of shell prints, with kubectl and settings of its own. */
async function shell(line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram('bash', ['-c', line], { env: session.cluster.env, input });
  expect(code, `${line}\n${stderr}`).toBe(0);
  return stdout.trim();
}

/** A file for kubectl to read. */
function fileOf(name: string, content: string): string {
  const path = join(session.cluster.directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o755 });
  return path;
}

const pausing = (labels: object) => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'agnhost:2.45', args: ['pause'] }] },
});

describe('rollouts', () => {
  const workload = (kind: string, name: string, more: object) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'rollouts' },
    spec: { selector: { matchLabels: { app: name } }, template: pausing({ app: name }), ...more },
  });
  beforeAll(async () => {
    await makeNamespace('rollouts');
    const items = [
      workload('Deployment', 'web', { replicas: 2 }),
      workload('DaemonSet', 'daemons', {}),
      workload('StatefulSet', 'numbered', { replicas: 1, serviceName: 'numbered' }),
    ];
    await kubectl('apply -f -', manifest({ apiVersion: 'v1', kind: 'List', items }));
  });

  it.concurrent.each([
    ['deployment/web', /^deployment "web" successfully rolled out$/m],
    ['daemonset/daemons', /^daemon set "daemons" successfully rolled out$/m],
    ['statefulset/numbered', /^partitioned roll out complete: 1 new pods have been updated\.\.\.$/m],
  ])('of a %s are followed, repeated, told with their causes, and undone', async (name, done) => {
    const follow = (): Promise<string> => kubectl(`rollout status ${name} -n rollouts --timeout=60s`);
    const image = (): Promise<string> => kubectl(`get ${name} -n rollouts -o jsonpath='{.spec.template.spec.containers[0].image}'`);
    await follow();
    await kubectl(`annotate ${name} -n rollouts kubernetes.io/change-cause=newer`);
    await kubectl(`set image ${name} -n rollouts main=agnhost:2.46`);
    expect(await follow()).toMatch(done);
    expect(await kubectl(`rollout history ${name} -n rollouts`)).toMatch(/^2 +newer$/m);
    expect(await kubectl(`rollout history ${name} -n rollouts --revision=2`)).toMatch(/^ +Image:\s+agnhost:2\.46$/m);
    await kubectl(`rollout undo ${name} -n rollouts --to-revision=1`);
    await follow();
    expect(await image()).toBe('agnhost:2.45');
    await kubectl(`rollout restart ${name} -n rollouts`);
    expect(await follow()).toMatch(done);
  });

  it('of a deployment pause and go on', async () => {
    const replicaSets = async (): Promise<number> => (await kubectl('get rs -n rollouts -l app=web -o name')).split('\n').length;
    const before = await replicaSets();
    expect(await kubectl('rollout pause deployment/web -n rollouts')).toBe('deployment.apps/web paused');
    await kubectl('set env deployment/web -n rollouts LEVEL=debug');
    await kubectl('set resources deployment/web -n rollouts --limits=cpu=200m --requests=cpu=1m');
    expect(await replicaSets()).toBe(before);
    expect(await kubectl('rollout resume deployment/web -n rollouts')).toBe('deployment.apps/web resumed');
    await kubectl('rollout status deployment/web -n rollouts --timeout=60s');
    expect(await replicaSets()).toBe(before + 1);
    expect(await kubectl('set env deployment/web -n rollouts --list')).toContain('LEVEL=debug');
  });

  it('have sizes that are changed only from what is there', async () => {
    expect(await kubectl('scale deployment/web -n rollouts --current-replicas=2 --replicas=1')).toBe('deployment.apps/web scaled');
    expect(await refused('scale deployment/web -n rollouts --current-replicas=2 --replicas=3')).toContain(
      'Expected replicas to be 2, was 1',
    );
    expect(await kubectl('get deployment web -n rollouts --subresource=scale')).toMatch(/^NAME +DESIRED +AVAILABLE +AGE\nweb +1 +\d +/);
    expect(await refused('scale configmap/kube-root-ca.crt -n rollouts --replicas=1')).toContain('could not find the requested resource');
  });

  it('leave or take along what they made', async () => {
    await kubectl('delete deployment web -n rollouts --cascade=orphan');
    expect(await kubectl('get rs -n rollouts -l app=web -o name')).toContain('replicaset.apps/web-');
    await kubectl('delete rs -n rollouts -l app=web --cascade=foreground --timeout=60s');
    expect(await kubectl('get pods -n rollouts -l app=web -o name')).toBe('');
  });
});

describe('what the cluster does not have is said', () => {
  it.each([
    ['autoscale deployment/coredns -n kube-system --max=2', 'failed to create autoscaling/v2 HPA'],
    ['get hpa', `the server doesn't have a resource type "hpa"`],
    ['certificate approve none', `the server doesn't have a resource type "certificatesigningrequests"`],
    ['top pods', 'Metrics API not available'],
    ['top nodes', 'Metrics API not available'],
    ['get componentstatuses', `the server doesn't have a resource type "componentstatuses"`],
  ])('%s', async (line, words) => {
    expect(await refused(line)).toContain(words);
  });
});

describe('pods', () => {
  beforeAll(async () => {
    await makeNamespace('visited');
    const args = '--image=agnhost:2.45 --port=80 --expose --labels=app=web';
    expect(await kubectl(`run web -n visited ${args} -- netexec --http-port=80`)).toBe('service/web created\npod/web created');
    await kubectl('create deployment many -n visited --image=agnhost:2.45 --replicas=2 -- /agnhost netexec --http-port=80');
    await kubectl('rollout status deployment/many -n visited --timeout=60s');
    await kubectl('wait --for=condition=Ready pod/web -n visited --timeout=60s');
  });

  it('are reached through their service and their deployment', async () => {
    expect(await kubectl('exec svc/web -n visited -- hostname')).toBe('web');
    expect(await kubectl('exec deploy/many -n visited -- hostname')).toMatch(/^many-/);
    expect(await kubectl('expose deployment many -n visited --port=8000 --target-port=80')).toBe('service/many exposed');
    const forwarded = [
      background('kubectl port-forward -n visited svc/many :8000'),
      background('kubectl port-forward -n visited deploy/many :80'),
    ];
    for (const forward of forwarded) {
      const port = /127\.0\.0\.1:(\d+) -> 80/.exec(await forward.until(/127\.0\.0\.1:\d+ -> 80/))?.[1];
      expect(await (await fetch(`http://127.0.0.1:${port}/hostname`)).text()).toMatch(/^many-/);
    }
    await Promise.all(forwarded.map((each) => each.stop()));
  });

  it('tell their logs by selector, by deployment and with their names', async () => {
    const started = /Started HTTP server on port 80/;
    const lines = (await kubectl('logs -l app=many -n visited --tail=-1 --prefix --all-containers')).split('\n');
    expect(new Set(lines.map((line) => line.split(']')[0])).size).toBe(2);
    expect(await kubectl('logs deploy/many -n visited --all-pods --prefix')).toMatch(/^\[pod\/many-\S+\/agnhost\] /m);
    expect(await kubectl('logs svc/web -n visited --timestamps --limit-bytes=4000')).toMatch(started);
  });

  it('are looked into: beside a container, in a copy, and on a node', async () => {
    const debug = (rest: string): Promise<string> =>
      kubectl(`debug -n visited --image=agnhost:2.45 --profile=general ${rest} -- /agnhost pause`);
    await debug('web --target=web');
    expect(await kubectl("get pod web -n visited -o jsonpath='{.spec.ephemeralContainers[*].targetContainerName}'")).toBe('web');
    await debug('web --copy-to=copy --share-processes');
    expect(await kubectl("get pod copy -n visited -o jsonpath='{.spec.shareProcessNamespace}'")).toBe('true');
    const told = await kubectl('debug node/node1 -n visited --image=agnhost:2.45 --profile=general -- /agnhost help 2>&1');
    const name = /debugging pod (\S+) with/.exec(told)?.[1] ?? '';
    await kubectl(`wait --for=jsonpath='{.status.phase}'=Succeeded pod/${name} -n visited --timeout=60s`);
    expect(await kubectl(`get pod ${name} -n visited -o jsonpath='{.spec.nodeName} {.spec.hostNetwork}'`)).toBe('node1 true');
  });

  it('have events that are asked for by object', async () => {
    const events = await kubectl('events -n visited --for pod/web --types=Normal --no-headers');
    const reasons = events.split('\n').map((line) => line.split(/ +/)[2]);
    // The node may begin before the scheduler has told of it.
    expect(reasons.filter((reason) => reason !== 'Scheduled').slice(0, 3)).toEqual(['Pulled', 'Created', 'Started']);
    expect(reasons).toContain('Scheduled');
  });
});

describe('rights', () => {
  const role = (name: string, verbs: readonly string[]) =>
    manifest({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name, namespace: 'rights' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
    });
  beforeAll(() => makeNamespace('rights'));

  it('are reconciled, asked for and lent', async () => {
    await kubectl('create serviceaccount robot -n rights');
    await kubectl('apply -f -', role('reader', ['get']));
    expect(await kubectl('auth reconcile -f - 2>&1', role('reader', ['get', 'list']))).toMatch(
      /reconciled\n\treconciliation required update\n\tmissing rules added:/,
    );
    await kubectl('create rolebinding readers -n rights --role=reader --user=nobody');
    expect(await kubectl('set subject rolebinding readers -n rights --serviceaccount=rights:robot')).toContain('subjects updated');
    const as = '--as=system:serviceaccount:rights:robot -n rights';
    expect(await kubectl(`auth can-i list pods ${as}`)).toBe('yes');
    expect(await refused(`auth can-i delete pods ${as}`)).toBe('');
    expect(await kubectl(`auth can-i --list ${as}`)).toMatch(/^pods +\[\] +\[\] +\[get list\]$/m);
    expect(await kubectl('auth whoami --as=jane --as-group=g')).toMatch(/^Username +jane\nGroups +\[g system:authenticated\]$/m);
    const server = await kubectl("config view --minify -o jsonpath='{.clusters[0].cluster.server}'");
    const token = await kubectl('create token robot -n rights --duration=10m');
    const asRobot = `--kubeconfig=/dev/null --server=${server} --insecure-skip-tls-verify --token=${token} -n rights`;
    expect(await kubectl(`get pods ${asRobot} -o name`)).toBe('');
    expect(await refused(`get secrets ${asRobot}`)).toContain('User "system:serviceaccount:rights:robot" cannot list resource "secrets"');
  });
});

describe('files', () => {
  const configMap = (name: string, value: string) =>
    manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'files' }, data: { a: value } });
  beforeAll(() => makeNamespace('files'));

  it('of a kustomization are built, compared, applied and removed', async () => {
    const resources = 'resources: [map.json]\nnamePrefix: my-\nconfigMapGenerator: [{ name: made, namespace: files, literals: [x=y] }]\n';
    const folder = dirname(fileOf('kustomized/map.json', configMap('map', 'b')));
    fileOf('kustomized/kustomization.yaml', resources);
    expect(await kubectl(`kustomize ${folder}`)).toMatch(/^ {2}name: my-made-\w{10}$/m);
    const compared = await session.cluster.kubectl(`diff -k ${folder}`);
    expect([compared.code, compared.stdout]).toEqual([1, expect.stringMatching(/^\+ {2}a: b$/m)]);
    expect(await kubectl(`apply -k ${folder}`)).toMatch(/^configmap\/my-made-\w{10} created\nconfigmap\/my-map created$/);
    expect((await session.cluster.kubectl(`diff -k ${folder}`)).code).toBe(0);
    expect(await kubectl(`delete -k ${folder}`)).toMatch(/"my-map" deleted/);
  });

  it('that are no longer there take their objects along', async () => {
    const apply = (...items: readonly string[]): Promise<string> =>
      shell('KUBECTL_APPLYSET=true kubectl apply -n files --prune --applyset=secrets/set -f -', items.join('\n---\n'));
    await apply(configMap('one', 'b'), configMap('two', 'b'));
    expect(await apply(configMap('two', 'b'))).toMatch(/configmap\/one pruned/);
    expect(await kubectl('get configmap -n files -o name')).not.toContain('configmap/one');
  });

  it('that were applied are remembered, shown and edited', async () => {
    await kubectl('apply -f -', configMap('known', 'b'));
    expect(await kubectl('apply view-last-applied configmap/known -n files')).toMatch(/^ {2}a: b$/m);
    const editor = fileOf('editor', `#!/bin/sh\nsed -i 's/a: b/a: c/' "$1"\n`);
    expect(await shell(`KUBE_EDITOR=${editor} kubectl apply edit-last-applied configmap/known -n files`)).toBe('configmap/known edited');
    expect(await kubectl('apply view-last-applied configmap/known -n files')).toMatch(/^ {2}a: c$/m);
  });

  it('replace an object, by a new one if need be', async () => {
    await kubectl('create -f -', configMap('replaced', 'b'));
    const uid = (): Promise<string> => kubectl("get configmap replaced -n files -o jsonpath='{.metadata.uid}'");
    const before = await uid();
    await kubectl('replace -f -', configMap('replaced', 'c'));
    expect(await uid()).toBe(before);
    expect(await kubectl('replace --force -f -', configMap('replaced', 'd'))).toContain('configmap/replaced replaced');
    expect(await uid()).not.toBe(before);
  });
});

describe('nodes', () => {
  it('are labelled and tainted', async () => {
    expect(await kubectl('label node node2 disk=ssd')).toBe('node/node2 labeled');
    expect(await kubectl('get nodes -l disk=ssd -o name')).toBe('node/node2');
    expect(await kubectl('taint node node2 role=db:PreferNoSchedule')).toBe('node/node2 tainted');
    expect(await refused('taint node node2 role=web:PreferNoSchedule')).toContain('already has role taint(s) with same effect(s)');
    expect(await kubectl('taint node node2 role=web:PreferNoSchedule --overwrite')).toBe('node/node2 modified');
    expect(await kubectl("get node node2 -o jsonpath='{.spec.taints[0].value}'")).toBe('web');
    expect(await kubectl('taint node node2 role- && kubectl label node node2 disk-')).toBe('node/node2 untainted\nnode/node2 unlabeled');
  });
});

describe('nodes whose pods may not go', () => {
  it('are emptied by deletion where nobody may be asked', async () => {
    await makeNamespace('guarded');
    await kubectl('run kept -n guarded --image=agnhost:2.45 --labels=app=kept');
    await kubectl('wait --for=condition=Ready pod/kept -n guarded --timeout=60s');
    await kubectl('create pdb all -n guarded --selector=app=kept --min-available=1');
    const node = await kubectl("get pod kept -n guarded -o jsonpath='{.spec.nodeName}'");
    const drain = `drain ${node} --force --ignore-daemonsets --delete-emptydir-data --grace-period=0 --pod-selector=app=kept --timeout=60s --disable-eviction`;
    expect(await kubectl(drain)).toMatch(/^node\/node[12] drained$/m);
    expect(await refused('get pod kept -n guarded')).toContain('not found');
    await kubectl(`uncordon ${node}`);
  });
});

describe('the API', () => {
  it('is reached through kubectl proxy, with watches', async () => {
    const proxy = background('kubectl proxy --port=0');
    const port = /127\.0\.0\.1:(\d+)/.exec(await proxy.until(/Starting to serve on 127\.0\.0\.1:\d+/))?.[1];
    const address = `http://127.0.0.1:${port}/api/v1/namespaces/shop/pods`;
    expect(((await (await fetch(`${address}/web`)).json()) as { kind: string }).kind).toBe('Pod');
    const watched = await (await fetch(`${address}?watch=true&timeoutSeconds=1`)).text();
    expect(
      watched
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type),
    ).toEqual(['ADDED', 'ADDED']);
    await proxy.stop();
  });

  it('is spoken to over HTTP/2, and over HTTP/1.1 where a client wants that; streams come beside both', async () => {
    // Only HTTP/1.1 has connections that are kept alive by a header.
    const headers = await shell('kubectl get --raw /readyz -v=8 2>&1');
    expect(headers).toContain('Content-Length: 2');
    expect(headers).not.toContain('Keep-Alive');
    expect(await shell('DISABLE_HTTP2=true kubectl get --raw /readyz -v=8 2>&1')).toContain('Keep-Alive');
    for (const setting of ['', 'DISABLE_HTTP2=true ']) {
      expect(await shell(`${setting}kubectl exec web -n shop -c server -- hostname`)).toBe('web');
      expect(await shell(`${setting}kubectl get pods -n shop -o name`)).toBe('pod/db\npod/web');
    }
  });

  it('takes raw requests', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    const object = manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'raw' } });
    expect(await kubectl(`create --raw ${path} -f -`, object)).toContain('"name":"raw"');
    expect(await kubectl(`replace --raw ${path}/raw -f -`, object)).toContain('"name":"raw"');
    expect(await kubectl(`delete --raw ${path}/raw`)).toContain('"status":"Success"');
    expect(await kubectl('get --raw /readyz')).toBe('ok');
  });
});

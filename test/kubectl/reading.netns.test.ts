/** Unmodified kubectl against a live cluster: what a person asks, and what they read then. */
import { describe, expect, it } from 'vitest';
import { KubectlSession, manifest } from './kubectl-session.ts';

const session = new KubectlSession();
const { background, kubectl, makeNamespace, refused } = session;

describe('the server tells kubectl about itself', () => {
  it('its version, kinds and address', async () => {
    const [version, kinds, versions, info] = await Promise.all([
      kubectl('version'),
      kubectl('api-resources'),
      kubectl('api-versions'),
      kubectl('cluster-info'),
    ]);
    expect(version).toMatch(/^Client Version: v1\.35\.2$/m);
    expect(version).toMatch(/^Server Version: v1\.35\.2$/m);
    expect(kinds).toMatch(/^networkpolicies\s+netpol\s+networking\.k8s\.io\/v1\s+true\s+NetworkPolicy$/m);
    expect(kinds).toMatch(/^pods\s+po\s+v1\s+true\s+Pod$/m);
    expect(versions.split('\n')).toEqual(expect.arrayContaining(['v1', 'apps/v1', 'networking.k8s.io/v1']));
    expect(info).toMatch(/control plane.* is running at https:\/\/127\.0\.0\.1:\d+/);
  });

  it('the fields of every kind', async () => {
    expect(await kubectl('explain networkpolicy.spec.ingress.from')).toMatch(/FIELD: from <\[\]NetworkPolicyPeer>[^]*ipBlock\s+<IPBlock>/);
    expect(await kubectl('explain deployment.spec --recursive')).toMatch(/matchExpressions\s+<\[\]LabelSelectorRequirement>/);
    expect(await refused('explain pod.spec.nope')).toContain('field "nope" does not exist');
  });

  it('who asks and what they may do', async () => {
    expect(await kubectl('auth whoami')).toMatch(/^Groups\s+\[system:masters system:authenticated\]$/m);
    expect(await kubectl('auth can-i create networkpolicies')).toBe('yes');
    expect(await kubectl('auth can-i --list')).toMatch(/^\*\.\*\s+\[\]\s+\[\]\s+\[\*\]$/m);
  });

  it('what it does not have', async () => {
    expect(await refused('top pods')).toBe('error: Metrics API not available');
    expect(await refused('get unicorns')).toBe('error: the server doesn\'t have a resource type "unicorns"');
    const unicorn = manifest({ apiVersion: 'example.com/v1', kind: 'Unicorn', metadata: { name: 'j' }, spec: {} });
    expect(await refused('apply -f -', unicorn)).toContain('no matches for kind "Unicorn" in version "example.com/v1"');
  });
});

describe('get', () => {
  it('prints tables with the columns of the real server', async () => {
    const pods = await kubectl('get pods -n shop -o wide --show-labels');
    expect(pods.split('\n')[0]).toMatch(/^NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE\s+NOMINATED NODE\s+READINESS GATES\s+LABELS$/);
    expect(pods).toMatch(/^web\s+2\/2\s+Running\s+0\s+\S+\s+10\.224\.\d+\.\d+\s+node[12]\s+<none>\s+<none>\s+app=web$/m);
    expect(await kubectl('get netpol -n shop')).toMatch(/^NAME\s+POD-SELECTOR\s+AGE\ndb\s+app=db\s+\d+\w+$/);
    expect(await kubectl('get svc -n shop')).toMatch(/^db\s+ClusterIP\s+10\.0\.\d+\.\d+\s+<none>\s+5432\/TCP\s+\S+$/m);
    expect(await kubectl('get nodes -o wide')).toMatch(/^node2\s+Ready\s+<none>\s+\S+\s+v1\.35\.2\s+10\.224\.0\.5\s/m);
    expect(await kubectl('get pod,svc,netpol -n shop')).toMatch(/^networkpolicy\.networking\.k8s\.io\/db\s/m);
    expect(await kubectl('get all -A')).toMatch(/^kube-system\s+deployment\.apps\/coredns\s+1\/1\s/m);
  });

  it('prints objects in every format', async () => {
    expect(await kubectl('get pods -n shop -o name')).toBe('pod/db\npod/web');
    expect(await kubectl("get pods -n shop -o jsonpath='{.items[*].metadata.name}'")).toBe('db web');
    const list = JSON.parse(await kubectl('get pods -n shop -o json')) as { kind: string; items: { kind: string }[] };
    expect([list.kind, list.items.map(({ kind }) => kind)]).toEqual(['List', ['Pod', 'Pod']]);
    const yaml = await kubectl('get networkpolicy db -n shop -o yaml');
    expect(yaml).toMatch(/^apiVersion: networking\.k8s\.io\/v1\nkind: NetworkPolicy\n/);
    expect(yaml).not.toContain('managedFields');
    expect(await kubectl('get pods -n shop -o custom-columns=N:.metadata.name --no-headers')).toBe('db\nweb');
  });

  it('selects and sorts', async () => {
    expect(await kubectl('get pods -n shop -l app=db -o name')).toBe('pod/db');
    expect(await kubectl("get pods -n shop -l 'app notin (db),app' -o name")).toBe('pod/web');
    expect(await kubectl('get pods -n shop --field-selector=metadata.name!=db,status.phase=Running -o name')).toBe('pod/web');
    expect(await kubectl('get pods -A --sort-by=.metadata.name --no-headers -o name')).toMatch(/pod\/coredns-\S+\npod\/db\n[^]*pod\/web$/);
    expect(await kubectl('get pods -A --chunk-size=1 --no-headers | wc -l')).toBe(await kubectl('get pods -A --no-headers | wc -l'));
    expect(await kubectl('get pods -n shop -L app')).toMatch(/^db\s.*\sdb$/m);
    expect(await refused('get pods --field-selector=foo=bar')).toContain('field label not supported: foo');
    expect(await refused("get pods -l 'a in (b'")).toContain("unable to parse requirement: found '', expected: ',' or ')'");
  });

  it('watches: what is there, what comes, what goes', async () => {
    await makeNamespace('watched');
    const rows = background('kubectl get configmaps -n watched -l w=1 --watch --output-watch-events');
    const single = background('kubectl get namespace watched --watch -o jsonpath=\'{.metadata.labels.x}{"."}\'');
    await single.until(/^\.$/);
    await kubectl('create configmap seen -n watched');
    await kubectl('label configmap seen -n watched w=1');
    await rows.until(/ADDED\s+seen\s/);
    await kubectl('annotate configmap seen -n watched note=1');
    await rows.until(/MODIFIED\s+seen\s/);
    await kubectl('label configmap seen -n watched w-');
    await rows.until(/DELETED\s+seen\s/);
    await kubectl('label namespace watched x=y');
    await single.until(/^\.y\.$/);
    await Promise.all([rows.stop(), single.stop()]);
  });

  it('opens informers as lists that stream', async () => {
    const { stdout, stderr, code } = await session.cluster.kubectl('wait --for=condition=Ready pod/web -n shop -v=6');
    expect([code, stdout.trim()]).toEqual([0, 'pod/web condition met']);
    expect(stderr).toMatch(/sendInitialEvents=true&\S+ ?\S*" status="200 OK"/);
  });
});

describe('describe', () => {
  it('a pod, with its events', async () => {
    const text = await kubectl('describe pod web -n shop');
    expect(text).toMatch(/^Node: {13}node[12]\/10\.224\.0\.[45]$/m);
    expect(text).toMatch(/^Status: {11}Running$/m);
    expect(text).toMatch(/^ {2}server:\n[^]*^ {2}counter:\n/m);
    expect(text).toMatch(/Normal {2}Scheduled\s.*Successfully assigned shop\/web to node[12]$/m);
    expect(text).toMatch(/Normal {2}Started\s.*Container started$/m);
  });

  it('a policy as rules', async () => {
    const text = await kubectl('describe networkpolicy db -n shop');
    expect(text).toContain(
      [
        '  PodSelector:     app=db',
        '  Allowing ingress traffic:',
        '    To Port: pg/TCP',
        '    From:',
        '      PodSelector: app=web',
        '  Not affecting egress traffic',
        '  Policy Types: Ingress',
      ].join('\n'),
    );
  });

  it('a namespace, a node and a service', async () => {
    expect(await kubectl('describe namespace shop')).toMatch(/^Labels: {7}kubernetes\.io\/metadata\.name=shop\n\s+team=a$/m);
    const node = await kubectl('describe node node1');
    expect(node).toMatch(/^Lease:\n {2}HolderIdentity: {2}node1$/m);
    expect(node).toMatch(/^ {2}Ready\s+True\s[^]*^ {2}InternalIP: {2}10\.224\.0\.4$/m);
    expect(await kubectl('describe service db -n shop')).toMatch(/^TargetPort: {15}pg\/TCP\nEndpoints: {16}10\.224\.\d+\.\d+:5432$/m);
  });
});

describe('events', () => {
  it('are listed, selected and watched', async () => {
    expect(await kubectl('get events -n shop --field-selector involvedObject.name=web,reason=Scheduled')).toMatch(
      /^\S+\s+Normal\s+Scheduled\s+pod\/web\s+Successfully assigned shop\/web to node[12]$/m,
    );
    expect(await kubectl('events -n shop --for pod/db')).toMatch(/Started\s+Pod\/db\s+Container started$/m);
    const watched = background('kubectl events -n shop --watch');
    await watched.until(/Pod\/web/);
    await watched.stop();
  });
});

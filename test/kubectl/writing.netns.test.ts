/** Unmodified kubectl against a live cluster: what a person makes, changes and removes, and how they are refused. */
import { type Finished, runProgram } from '@weir/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { KubectlSession, manifest, shop } from './kubectl-session.ts';

const session = new KubectlSession();
const { background, kubectl, makeNamespace, refused } = session;

const configMap = (name: string, data: Readonly<Record<string, string>>): string =>
  manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

describe('create', () => {
  beforeAll(() => makeNamespace('made'));

  it('takes each kind from the command line', async () => {
    expect(await kubectl('create configmap c -n made --from-literal=a=b')).toBe('configmap/c created');
    expect(await kubectl('create secret generic s -n made --from-literal=password=x')).toBe('secret/s created');
    expect(await kubectl('create serviceaccount sa -n made')).toBe('serviceaccount/sa created');
    expect(await kubectl('create service clusterip svc -n made --tcp=80:8080')).toBe('service/svc created');
    expect(await kubectl('create deployment d -n made --image=agnhost:2 --replicas=0')).toBe('deployment.apps/d created');
    expect(await kubectl("get secret s -n made -o jsonpath='{.data.password}'")).toBe('eA==');
    expect(await kubectl("get deployment d -n made -o jsonpath='{.spec.replicas}'")).toBe('0');
    expect(await kubectl("get service svc -n made -o jsonpath='{.spec.ports[0].targetPort}'")).toBe('8080');
  });

  it('takes a list, and makes up a name from generateName', async () => {
    const item = (metadata: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const list = manifest({ apiVersion: 'v1', kind: 'List', items: [item({ name: 'one' }), item({ generateName: 'more-' })] });
    expect(await kubectl('create -n made -f -', list)).toMatch(/^configmap\/one created\nconfigmap\/more-[a-z0-9]{5} created$/);
  });

  it('changes nothing in a dry run', async () => {
    expect(await kubectl('create configmap dry -n made --dry-run=server')).toBe('configmap/dry created (server dry run)');
    expect(await refused('get configmap dry -n made')).toContain('configmaps "dry" not found');
  });

  it('gives a namespace its service account and its CA', async () => {
    expect(await kubectl('get serviceaccount default -n made -o name')).toBe('serviceaccount/default');
    expect(await kubectl('get configmap kube-root-ca.crt -n made -o name')).toBe('configmap/kube-root-ca.crt');
  });
});

describe('apply', () => {
  beforeAll(() => makeNamespace('applied'));

  it('makes a namespace and all that is in it from one file', async () => {
    expect(session.applied.split('\n')).toEqual([
      'namespace/shop created',
      'pod/db created',
      'pod/web created',
      'service/db created',
      'networkpolicy.networking.k8s.io/db created',
    ]);
    expect((await kubectl('apply -f -', shop)).match(/ unchanged$/gm)).toHaveLength(5);
  });

  it('creates, updates, and sees that nothing changed', async () => {
    const apply = (data: Record<string, string>): Promise<string> => kubectl('apply -n applied -f -', configMap('c', data));
    expect(await apply({ a: '1', b: '1' })).toBe('configmap/c created');
    expect(await apply({ a: '1', b: '1' })).toBe('configmap/c unchanged');
    expect(await apply({ a: '2' })).toBe('configmap/c configured');
    expect(await kubectl("get configmap c -n applied -o jsonpath='{.data}'")).toBe('{"a":"2"}');
  });

  it('on the server tells conflicts, and takes over what kubectl applied from the client', async () => {
    const apply = (options: string, a: string): Promise<Finished> =>
      session.cluster.kubectl(`apply --server-side -n applied ${options} -f -`, configMap('ssa', { a }));
    await kubectl('apply -n applied -f -', configMap('ssa', { a: '0' }));
    expect((await apply('', '1')).stdout.trim()).toBe('configmap/ssa serverside-applied');
    const conflict = await apply('--field-manager=other', '2');
    expect([conflict.code, conflict.stderr]).toEqual([
      1,
      expect.stringContaining('Apply failed with 1 conflict: conflict with "kubectl": .data.a'),
    ]);
    expect((await apply('--field-manager=other --force-conflicts', '2')).code).toBe(0);
    expect(await kubectl("get configmap ssa -n applied -o jsonpath='{.data.a}'")).toBe('2');
  });

  it('shows what it would change', async () => {
    await kubectl('apply -n applied -f -', configMap('diffed', { a: '1' }));
    expect((await session.cluster.kubectl('diff -n applied -f -', configMap('diffed', { a: '1' }))).code).toBe(0);
    const { code, stdout } = await session.cluster.kubectl('diff -n applied -f -', configMap('diffed', { a: '2' }));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^- {2}a: "1"\n\+ {2}a: "2"$/m)]);
    expect(await kubectl('apply -n applied --dry-run=server -f -', configMap('diffed', { a: '2' }))).toBe(
      'configmap/diffed configured (server dry run)',
    );
    expect(await kubectl("get configmap diffed -n applied -o jsonpath='{.data.a}'")).toBe('1');
  });
});

describe('label and annotate', () => {
  it('add, refuse to overwrite, overwrite and remove', async () => {
    expect(await kubectl('label pod db -n shop tier=x')).toBe('pod/db labeled');
    expect(await refused('label pod db -n shop tier=y')).toBe("error: 'tier' already has a value (x), and --overwrite is false");
    expect(await kubectl('label pod db -n shop tier=y --overwrite')).toBe('pod/db labeled');
    expect(await kubectl('label pod db -n shop tier-')).toBe('pod/db unlabeled');
    expect(await kubectl('label pods --all -n shop z=1')).toBe('pod/db labeled\npod/web labeled');
    expect(await kubectl('annotate pod db -n shop note=x')).toBe('pod/db annotated');
    expect(await refused('annotate pod db -n shop note=y')).toContain("'note' already has a value (x)");
    expect(await kubectl("get pod db -n shop -o jsonpath='{.metadata.labels}{.metadata.annotations.note}'")).toBe('{"app":"db","z":"1"}x');
    expect(await kubectl('annotate pod db -n shop note-')).toBe('pod/db annotated');
    expect(await kubectl('label node node1 disk=ssd')).toBe('node/node1 labeled');
    expect(await kubectl('label namespace shop env=test')).toBe('namespace/shop labeled');
  });
});

describe('patch, edit and replace', () => {
  beforeAll(async () => {
    await makeNamespace('changed');
    await kubectl('create -n changed -f -', configMap('c', { a: '1', b: '1' }));
    await kubectl('create service clusterip svc -n changed --tcp=80');
    await kubectl('create deployment d -n changed --image=agnhost:2 --replicas=0');
  });
  const data = (): Promise<string> => kubectl("get configmap c -n changed -o jsonpath='{.data}'");

  it('patch in three ways', async () => {
    const patch = (type: string, value: unknown): Promise<string> =>
      kubectl(`patch configmap c -n changed --type=${type} -p '${JSON.stringify(value)}'`);
    expect(await patch('strategic', { data: { a: '2' } })).toBe('configmap/c patched');
    expect(await patch('strategic', { data: { a: '2' } })).toBe('configmap/c patched (no change)');
    expect(await patch('merge', { data: { b: null, c: '1' } })).toBe('configmap/c patched');
    expect(await patch('json', [{ op: 'replace', path: '/data/c', value: '2' }])).toBe('configmap/c patched');
    expect(await data()).toBe('{"a":"2","c":"2"}');
    expect(await kubectl('set image deployment/d agnhost=agnhost:3 -n changed')).toBe('deployment.apps/d image updated');
    expect(await kubectl("get deployment d -n changed -o jsonpath='{.spec.template.spec.containers[*].image}'")).toBe('agnhost:3');
  });

  it('a patch that does not apply says why', async () => {
    const json = (operation: object): Promise<string> =>
      refused(`patch configmap c -n changed --type=json -p '${JSON.stringify([operation])}'`);
    expect(await json({ op: 'replace', path: '/data/nope', value: 'x' })).toBe(
      'The request is invalid: : replace operation does not apply: doc is missing key: /data/nope: missing value',
    );
    expect(await json({ op: 'test', path: '/data/a', value: 'x' })).toBe(
      'The request is invalid: : testing value /data/a failed: test failed',
    );
  });

  it('what may not change does not', async () => {
    const pod = { spec: { containers: [{ name: 'db', args: ['pause'] }] } };
    expect(await refused(`patch pod db -n shop -p '${JSON.stringify(pod)}'`)).toContain(
      'The Pod "db" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    );
    expect(await refused(`patch service svc -n changed -p '{"spec":{"clusterIP":"10.0.0.99"}}'`)).toContain('may not change once set');
    const selector = { spec: { selector: { matchLabels: { app: 'other' } }, template: { metadata: { labels: { app: 'other' } } } } };
    expect(await refused(`patch deployment d -n changed -p '${JSON.stringify(selector)}'`)).toMatch(
      /The Deployment "d" is invalid: spec\.selector: Invalid value: .*: field is immutable/,
    );
  });

  it('edit saves what the editor leaves', async () => {
    const edit = (script: string): Promise<Finished> =>
      runProgram('bash', ['-c', 'kubectl edit configmap c -n changed'], { env: { ...session.cluster.env, EDITOR: script } });
    expect((await edit("sed -i 's/a: .2./a: edited/'")).stdout).toBe('configmap/c edited\n');
    expect(await data()).toBe('{"a":"edited","c":"2"}');
    expect((await edit('true')).stderr).toBe('Edit cancelled, no changes made.\n');
  });

  it('replace takes the whole object, unless it is stale', async () => {
    const stale = await kubectl('get configmap c -n changed -o json');
    expect(await kubectl('replace -n changed -f -', configMap('c', { whole: '1' }))).toBe('configmap/c replaced');
    expect(await data()).toBe('{"whole":"1"}');
    expect(await refused('replace -f -', stale)).toContain(
      'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(await refused('replace -n changed -f -', configMap('nope', {}))).toContain('configmaps "nope" not found');
    expect(await kubectl('replace --force -n changed -f -', configMap('c', {}))).toContain('configmap/c replaced');
  });
});

describe('what is wrong is refused in the words of the real server', () => {
  it('not there, or there already', async () => {
    expect(await refused('get pod nope')).toBe('Error from server (NotFound): pods "nope" not found');
    expect(await refused('get netpol nope -n shop')).toBe(
      'Error from server (NotFound): networkpolicies.networking.k8s.io "nope" not found',
    );
    expect(await refused('run x -n nowhere --image=agnhost')).toBe('Error from server (NotFound): namespaces "nowhere" not found');
    expect(await refused('create namespace shop')).toBe('Error from server (AlreadyExists): namespaces "shop" already exists');
    expect(await refused('delete pod x y')).toBe(
      'Error from server (NotFound): pods "x" not found\nError from server (NotFound): pods "y" not found',
    );
    expect((await session.cluster.kubectl('get pods -n nowhere')).stderr).toBe('No resources found in nowhere namespace.\n');
    expect(await refused('get --raw /api/v1/namespaces/nowhere/pods/x')).toBe('Error from server (NotFound): pods "x" not found');
  });

  it('a policy with all its faults at once', async () => {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'bad', namespace: 'shop' },
      spec: {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'Like', values: ['x'] }] },
        policyTypes: ['Sideways'],
        ingress: [
          {
            from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] } }, { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }],
            ports: [{ port: 70_000 }, { port: 80, endPort: 70 }, { port: 'web', endPort: 90 }, { port: 1, protocol: 'ICMP' }],
          },
        ],
      },
    };
    const text = await refused('apply -f -', manifest(policy));
    expect(text.split('\n')[0]).toBe('The NetworkPolicy "bad" is invalid: ');
    for (const line of [
      'spec.podSelector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
      'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"',
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
      'spec.ingress[0].ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.ingress[0].ports[1].endPort: Invalid value: 70: must be greater than or equal to `port`',
      'spec.ingress[0].ports[2].endPort: Invalid value: 90: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[3].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('fields that do not exist', async () => {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'unknown', namespace: 'shop' },
      spec: { podSelectr: {}, ingress: [{ form: [] }] },
    };
    expect(await refused('apply -f -', manifest(policy))).toContain(
      'NetworkPolicy in version "v1" cannot be handled as a NetworkPolicy: strict decoding error: unknown field "spec.ingress[0].form", unknown field "spec.podSelectr"',
    );
    const { code, stderr } = await session.cluster.kubectl('create --validate=warn --dry-run=server -f -', manifest(policy));
    expect([code, stderr]).toEqual([0, 'Warning: unknown field "spec.ingress[0].form"\nWarning: unknown field "spec.podSelectr"\n']);
  });

  it('pods that cannot be', async () => {
    expect(await refused('run bad --image=agnhost --port=70000')).toBe(
      'The Pod "bad" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    );
    expect(await refused('run Bad --image=agnhost')).toContain('* metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain');
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'e' }, spec: {} };
    expect(await refused('create -f -', manifest(pod))).toBe('The Pod "e" is invalid: spec.containers: Required value');
    expect(await refused('create -f -', manifest({ ...pod, spec: { containers: 'x' } }))).toContain(
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    );
  });

  it('a secret that is not base64', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'not base64!' } };
    expect(await refused('create -f -', manifest(secret))).toContain(
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3',
    );
  });

  it('an image that the lab does not have: the pod says what there is', async () => {
    await kubectl('run nginx --image=nginx');
    await kubectl("wait --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ErrImagePull pod/nginx --timeout=20s");
    expect(await kubectl('get pod nginx')).toMatch(/^nginx\s+0\/1\s+(ErrImagePull|ImagePullBackOff)\s/m);
    expect(await kubectl('describe pod nginx')).toMatch(
      /Warning\s+Failed\s.*failed to pull image "nginx": the lab has no container registry; its built-in images are: agnhost, command\/runtime .*--stand-in/i,
    );
    expect(await refused('logs nginx')).toMatch(/container "nginx" in pod "nginx" is waiting to start: \S*Image/);
    await kubectl('delete pod nginx');
  });
});

describe('delete and wait', () => {
  const stubborn = (name: string): string =>
    `run ${name} -n deleted --image=agnhost --labels=set=${name} --command -- bash -c 'trap "" TERM; while sleep 0.1; do :; done'`;
  const quick = (name: string): string => `run ${name} -n deleted --image=agnhost --labels=set=quick`;

  beforeAll(async () => {
    await makeNamespace('deleted');
    await Promise.all([...['a', 'b', 'c', 'd'].map(quick), stubborn('stubborn')].map((line) => kubectl(line)));
    await kubectl('wait --for=condition=Ready pod --all -n deleted --timeout=60s');
  });

  it('wait for conditions, values, creation and deletion, but not for ever', async () => {
    expect(await kubectl("wait --for=jsonpath='{.status.phase}'=Running pod/a -n deleted --timeout=10s")).toBe('pod/a condition met');
    expect(await refused('wait --for=condition=Nope pod/a -n deleted --timeout=1s')).toBe(
      'error: timed out waiting for the condition on pods/a',
    );
    expect(await refused('wait --for=condition=Ready pod/nope -n deleted')).toContain('pods "nope" not found');
    const [gone, made] = [
      background('kubectl wait --for=delete pod/a -n deleted -v=6'),
      background('kubectl wait --for=create cm/new -n deleted'),
    ];
    await gone.until(/watch=true\S*" status="200 OK"/);
    expect(await kubectl('delete pod a -n deleted')).toBe('pod "a" deleted from deleted namespace');
    await gone.until(/pod\/a condition met/);
    await kubectl('create configmap new -n deleted');
    await made.until(/configmap\/new condition met/);
  });

  it('by selector, and all', async () => {
    expect(await kubectl('delete pod b -n deleted --now')).toContain('pod "b" deleted');
    expect(await kubectl('delete pods -l set=quick -n deleted')).toBe(
      'pod "c" deleted from deleted namespace\npod "d" deleted from deleted namespace',
    );
    expect(await kubectl('delete configmap --all -n deleted')).toContain('configmap "new" deleted');
    expect(await kubectl('delete -f - --ignore-not-found', manifest({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'never' } }))).toBe(
      '',
    );
  });

  it('a pod that ignores the signal is Terminating until it is forced', async () => {
    await kubectl('delete pod stubborn -n deleted --wait=false');
    expect(await kubectl('get pod stubborn -n deleted --no-headers')).toMatch(/^stubborn\s+1\/1\s+Terminating\s/);
    const { stdout, stderr } = await session.cluster.kubectl('delete pod stubborn -n deleted --force --grace-period=0');
    expect([stdout, stderr]).toEqual([
      'pod "stubborn" force deleted from deleted namespace\n',
      expect.stringContaining('Warning: Immediate deletion does not wait for confirmation'),
    ]);
    expect(await refused('get pod stubborn -n deleted')).toContain('not found');
  });

  it('a namespace goes with all that is in it, except those that must stay', async () => {
    await Promise.all([kubectl(quick('last')), kubectl('create configmap last -n deleted')]);
    expect(await kubectl('delete namespace deleted')).toBe('namespace "deleted" deleted');
    expect(await refused('get namespace deleted')).toContain('namespaces "deleted" not found');
    expect(await refused('delete namespace default')).toBe(
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});

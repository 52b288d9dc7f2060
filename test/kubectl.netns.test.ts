/** Unmodified kubectl against a live cluster: what a person types, and what they read then. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Finished, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackgroundProgram } from './support/background-program.ts';
import { LabCluster } from './support/lab-cluster.ts';
import { TypedTerminal } from './support/typed-terminal.ts';

const shop = readFileSync(join(import.meta.dirname, 'support', 'shop.yaml'), 'utf8');

let cluster: LabCluster;
let applied: string;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2 });
  applied = await kubectl('apply -f -', shop);
  await kubectl('wait --for=condition=Ready pod --all -n shop --timeout=60s');
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  await cluster?.down();
});

/** What runs beside the tests; stopped at the end, also when a test failed. */
const programs: (BackgroundProgram | TypedTerminal)[] = [];

/** The output of a command that must succeed. */
function kubectl(line: string, input?: string): Promise<string> {
  return cluster.kubectlOutput(line, input);
}

/** Exit code and standard error of a command that must fail. */
async function refused(line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(line, input);
  expect(code, `kubectl ${line}\n${stdout}`).not.toBe(0);
  return stderr.trim();
}

function background(line: string): BackgroundProgram {
  const program = new BackgroundProgram(line, cluster.env);
  programs.push(program);
  return program;
}

function openTerminal(line: string): TypedTerminal {
  const terminal = new TypedTerminal(line, cluster.env);
  programs.push(terminal);
  return terminal;
}

/** A namespace for one group of tests. */
async function makeNamespace(name: string): Promise<void> {
  await kubectl(`create namespace ${name}`);
}

const manifest = (object: unknown): string => JSON.stringify(object);

const configMap = (name: string, data: Readonly<Record<string, string>>): string =>
  manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

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

describe.each([
  ['over WebSocket', 'true'],
  ['over SPDY', 'false'],
])('port-forward %s', (_name, webSockets) => {
  /** The local port of a forwarded one. */
  const forward = async (target: string): Promise<{ readonly port: number; readonly program: BackgroundProgram }> => {
    const program = background(`env KUBECTL_PORT_FORWARD_WEBSOCKETS=${webSockets} kubectl port-forward -n shop ${target}`);
    const output = await program.until(/Forwarding from 127\.0\.0\.1:\d+/);
    return { port: Number(/127\.0\.0\.1:(\d+)/.exec(output)?.[1]), program };
  };
  const ask = async (port: number, path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  it('carries many connections at once to a pod, and to a pod of a service', async () => {
    const { port } = await forward('pod/web :8080');
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(port, `/echo?msg=${'x'.repeat(5_000)}-${i}`)));
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => `${'x'.repeat(5_000)}-${i}`));
    const service = await forward('service/db :5432');
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(service.port, '127.0.0.1');
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    expect(said).toBe('db');
  });

  it('says why a port cannot be reached, and goes on with others', async () => {
    const { port, program } = await forward('pod/web :4');
    await expect(ask(port, '/')).rejects.toThrow('fetch failed');
    expect(await program.until(/an error occurred forwarding/)).toMatch(
      /error forwarding port 4 to pod shop\/web, uid [-0-9a-f]+: failed to connect to localhost:4 inside namespace/,
    );
  });
});

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
    expect(applied.split('\n')).toEqual([
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
      cluster.kubectl(`apply --server-side -n applied ${options} -f -`, configMap('ssa', { a }));
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
    expect((await cluster.kubectl('diff -n applied -f -', configMap('diffed', { a: '1' }))).code).toBe(0);
    const { code, stdout } = await cluster.kubectl('diff -n applied -f -', configMap('diffed', { a: '2' }));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^- {2}a: "1"\n\+ {2}a: "2"$/m)]);
    expect(await kubectl('apply -n applied --dry-run=server -f -', configMap('diffed', { a: '2' }))).toBe(
      'configmap/diffed configured (server dry run)',
    );
    expect(await kubectl("get configmap diffed -n applied -o jsonpath='{.data.a}'")).toBe('1');
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
    const { stdout, stderr, code } = await cluster.kubectl('wait --for=condition=Ready pod/web -n shop -v=6');
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
      runProgram('bash', ['-c', 'kubectl edit configmap c -n changed'], { env: { ...cluster.env, EDITOR: script } });
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
    expect((await cluster.kubectl('get pods -n nowhere')).stderr).toBe('No resources found in nowhere namespace.\n');
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
    const { code, stderr } = await cluster.kubectl('create --validate=warn --dry-run=server -f -', manifest(policy));
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
      /Warning\s+Failed\s.*failed to pull image "nginx": the lab has no container registry; its built-in images are: agnhost .*--stand-in/i,
    );
    expect(await refused('logs nginx')).toMatch(/container "nginx" in pod "nginx" is waiting to start: \S*Image/);
    await kubectl('delete pod nginx');
  });
});

describe('logs', () => {
  it('are there whole, as a tail, since a time, and followed', async () => {
    expect(await kubectl('logs web -n shop -c counter')).toMatch(/^line 1\nline 2\n/);
    expect(await kubectl('logs web -n shop -c counter --tail=2')).toMatch(/^line \d+\nline \d+$/);
    expect(await kubectl('logs web -n shop -c counter --since=1h --timestamps --tail=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line \d+$/);
    expect(await kubectl('logs web -n shop -c counter --since=1s')).not.toMatch(/^line 1$/m);
    expect(await kubectl('logs -l app=web -n shop --all-containers --prefix --tail=1')).toMatch(/^\[pod\/web\/counter\] line \d+$/m);
    const followed = background('kubectl logs web -n shop -c counter -f --tail=1');
    await followed.until(/(line \d+\n){3}/);
    await followed.stop();
  });

  it('of the run before are kept', async () => {
    await kubectl("run restarted --image=agnhost --command -- bash -c 'echo once; exit 3'");
    await kubectl("wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/restarted --timeout=30s");
    expect(await kubectl('logs restarted --previous')).toBe('once');
    await kubectl('delete pod restarted --force --grace-period=0');
    expect(await refused('logs web -n shop -c counter --previous')).toContain(
      'previous terminated container "counter" in pod "web" not found',
    );
  });

  it('need a container that exists', async () => {
    expect(await refused('logs web -n shop -c nope')).toBe('error: container nope is not valid for pod web');
    expect((await cluster.kubectl('logs web -n shop --tail=1')).stderr).toBe('Defaulted container "server" out of: server, counter\n');
  });
});

describe('exec and attach', () => {
  it('give output, error output and exit code', async () => {
    const result = await cluster.kubectl(`exec web -n shop -c counter -- bash -c 'echo out; echo err >&2; exit 7'`);
    expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 7\n' });
    expect(await kubectl('exec db -n shop -- hostname')).toBe('db');
  });

  it('end the input of the program when ours ends', async () => {
    const input = 'x'.repeat(500_000);
    expect(await kubectl('exec -i db -n shop -- wc -c', input)).toBe('500000');
    expect((await kubectl('exec db -n shop -- head -c 500000 /dev/zero | wc -c')).trim()).toBe('500000');
  });

  it('work over SPDY too', async () => {
    const result = await runProgram('bash', ['-c', 'kubectl exec -i db -n shop -- bash -c "cat; exit 3"'], {
      env: { ...cluster.env, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
      input: 'through\n',
    });
    expect(result).toEqual({ code: 3, stdout: 'through\n', stderr: 'command terminated with exit code 3\n' });
  });

  it('say what cannot be run', async () => {
    expect(await refused('exec db -n shop -- nosuchprogram')).toContain('exec: "nosuchprogram": executable file not found in $PATH');
    expect(await refused('exec db -n shop -c nope -- true')).toContain('container nope is not valid for pod db');
    expect(await refused('exec nope -n shop -- true')).toBe('Error from server (NotFound): pods "nope" not found');
  });

  it('attach shows what a container prints', async () => {
    const attached = background('kubectl attach web -n shop -c counter');
    await attached.until(/line \d+\nline \d+\n/);
    await attached.stop();
    expect(await kubectl('get pod web -n shop --no-headers')).toMatch(/^web\s+2\/2\s+Running\s+0\s/);
  });

  it('give a terminal that knows its size', async () => {
    const terminal = openTerminal('kubectl exec -it db -n shop -- bash');
    await terminal.until(/# $/);
    expect(await terminal.run('stty size; tty', /pts[^]*# $/)).toContain('30 100\n');
    terminal.resize(140, 50);
    await terminal.run(
      'for i in {1..50}; do s=$(stty size); [ "$s" = "50 140" ] && break; sleep 0.1; done; echo "now $s"',
      /^now 50 140$/m,
    );
    terminal.type('exit 4\n');
    expect(await terminal.end()).toBe(4);
  });

  it('copy files', async () => {
    const file = join(cluster.directory, 'file');
    writeFileSync(file, 'content\n');
    await kubectl(`cp ${file} shop/db:/tmp/copied`);
    expect(await kubectl('exec db -n shop -- cat /tmp/copied')).toBe('content');
    await kubectl(`cp shop/db:/tmp/copied ${file}.back`);
    expect(readFileSync(`${file}.back`, 'utf8')).toBe('content\n');
  });
});

describe('run', () => {
  beforeAll(() => makeNamespace('ran'));

  it('takes labels, a port, an environment, a command and overrides', async () => {
    const overrides = JSON.stringify({ spec: { nodeName: 'node2', hostname: 'other' } });
    await kubectl(
      `run server -n ran --image=agnhost --labels=app=server,x=y --port=80 --env=GREETING=hi --overrides='${overrides}' --command -- bash -c 'trap exit TERM; echo $GREETING $HOSTNAME; while sleep 0.1; do :; done'`,
    );
    await kubectl('wait --for=condition=Ready pod/server -n ran --timeout=30s');
    const fields = "'{.metadata.labels}|{.spec.containers[0].ports[0].containerPort}|{.spec.nodeName}'";
    expect(await kubectl(`get pod server -n ran -o jsonpath=${fields}`)).toBe('{"app":"server","x":"y"}|80|node2');
    await background('kubectl logs -f server -n ran').until(/^(hi)? other$/m);
  });

  it('waits for the end of a program, gives its exit code and removes the pod', async () => {
    const result = await cluster.kubectl(
      `run once -n ran --image=agnhost --restart=Never --rm -i --command -- bash -c 'cat; exit 5'`,
      'typed\n',
    );
    expect([result.code, result.stdout]).toEqual([5, expect.stringMatching(/^typed$/m)]);
    expect(await refused('get pod once -n ran')).toContain('pods "once" not found');
  });

  it('keeps a finished pod', async () => {
    await kubectl('run done -n ran --image=agnhost --restart=Never --command -- true');
    await kubectl("wait --for=jsonpath='{.status.phase}'=Succeeded pod/done -n ran --timeout=30s");
    expect(await kubectl('get pod done -n ran')).toMatch(/^done\s+0\/1\s+Completed\s+0\s/m);
    expect(await refused('exec done -n ran -- true')).toContain(
      'cannot exec into a container in a completed pod; current phase is Succeeded',
    );
  });

  it('opens a working shell: line editing, jobs, Ctrl-C, a window that changes, and its exit code', async () => {
    const terminal = openTerminal('kubectl run -it shell -n ran --image=agnhost --rm --restart=Never --command -- bash');
    await terminal.until(/root@shell:\/# $/);
    expect(await terminal.run('stty size', /\d+ \d+\n.*# $/)).toContain('\n30 100\n');
    terminal.resize(72, 20);
    await terminal.run('for i in {1..50}; do s=$(stty size); [ "$s" = "20 72" ] && break; sleep 0.1; done; echo "now $s"', /^now 20 72$/m);
    // The erase character removes the last letter.
    expect(await terminal.run('echo abx\u007fc', /^abc\n.*# $/m)).toContain('abc');
    // An answer comes only from a program that has started: bash loses a signal between its fork and the program's start.
    await terminal.run('sed -u s/ping/pong/\nping', /^pong$/m);
    terminal.type('\u0003');
    // What is typed before the prompt is back may be lost: the signal empties the terminal's queues.
    await terminal.until(/\^C[^]*# $/);
    expect(await terminal.run('echo code=$?', /^code=\d+\n.*# $/m)).toContain('code=130');
    const target = `${await cluster.addressOf('shop', 'db')}:5432`;
    expect(await terminal.run(`/agnhost connect ${target} --timeout=1s`, /TIMEOUT\n.*# $/)).toContain('TIMEOUT');
    terminal.type('exit 6\n');
    expect(await terminal.end()).toBe(6);
    expect(await refused('get pod shell -n ran')).toContain('pods "shell" not found');
  });
});

describe('deployments', () => {
  beforeAll(() => makeNamespace('deployed'));

  it('roll out, scale, roll back', async () => {
    const status = (): Promise<string> => kubectl('rollout status deployment/d -n deployed --timeout=60s');
    await kubectl('create deployment d -n deployed --image=agnhost:1 --replicas=2 -- /agnhost netexec');
    expect(await status()).toContain('deployment "d" successfully rolled out');
    expect(await kubectl('scale deployment/d -n deployed --replicas=3')).toBe('deployment.apps/d scaled');
    await status();
    expect(await kubectl('get deployment d -n deployed -o wide')).toMatch(/^d\s+3\/3\s+3\s+3\s+\S+\s+agnhost\s+agnhost:1\s+app=d$/m);
    expect(await refused('scale deployment/d -n deployed --current-replicas=9 --replicas=1')).toContain('Expected replicas to be 9, was 3');
    await kubectl('set image deployment/d -n deployed agnhost=agnhost:2');
    await status();
    expect(await kubectl('rollout history deployment/d -n deployed')).toMatch(/^1\s+<none>\n2\s+<none>$/m);
    expect(await kubectl('rollout undo deployment/d -n deployed')).toBe('deployment.apps/d rolled back');
    await status();
    expect(await kubectl("get deployment d -n deployed -o jsonpath='{.spec.template.spec.containers[0].image}'")).toBe('agnhost:1');
    expect(await kubectl('rollout history deployment/d -n deployed')).toMatch(/^2\s+<none>\n3\s+<none>$/m);
    expect(await kubectl('expose deployment d -n deployed --port=80 --target-port=8080')).toBe('service/d exposed');
    await kubectl('scale deployment/d -n deployed --replicas=0');
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
    const { stdout, stderr } = await cluster.kubectl('delete pod stubborn -n deleted --force --grace-period=0');
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

describe('a restart of the control plane', () => {
  it('loses nothing, and watches go on', async () => {
    await makeNamespace('kept');
    await kubectl('create configmap before -n kept --from-literal=a=b');
    const before = await kubectl("get configmap before -n kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'");
    const waiting = background('kubectl wait --for=jsonpath={.data.done}=yes configmap/before -n kept --timeout=60s -v=6');
    await waiting.until(/watch=true\S*" status="200 OK"/);
    const address = await cluster.addressOf('shop', 'db');
    await cluster.killControlPlane();
    await expect.poll(() => cluster.kubectl('get --raw /readyz').then(({ stdout }) => stdout), { timeout: 30_000 }).toBe('ok');
    expect(await kubectl("get configmap before -n kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'")).toBe(before);
    expect(await cluster.addressOf('shop', 'db')).toBe(address);
    expect(await cluster.connect({ namespace: 'shop', pod: 'web' }, `${address}:5432`)).toMatch(/^(Defaulted container .*)?$/);
    // The nodes and the controllers found the new server too.
    await kubectl('run after -n kept --image=agnhost');
    await kubectl('wait --for=condition=Ready pod/after -n kept --timeout=60s');
    expect(await kubectl('get pod web -n shop --no-headers')).toMatch(/^web\s+2\/2\s+Running\s+0\s/);
    await kubectl(`patch configmap before -n kept -p '{"data":{"done":"yes"}}'`);
    await waiting.until(/configmap\/before condition met/);
  });
});

describe('the oldest kubectl that is supported', () => {
  const old = (line: string, input?: string): Promise<Finished> =>
    runProgram('bash', ['-c', `kubectl-1.32 ${line}`], {
      env: { ...cluster.env, KUBECACHEDIR: join(cluster.directory, 'cache-1.32') },
      input,
    });

  it('does the same, without streamed lists', async () => {
    expect((await old('version')).stdout).toMatch(/^Client Version: v1\.32\.\d+$/m);
    expect((await old('create namespace old')).stdout).toBe('namespace/old created\n');
    expect((await old('run p -n old --image=agnhost --labels=app=p')).stdout).toBe('pod/p created\n');
    expect((await old('wait --for=condition=Ready pod/p -n old --timeout=30s')).stdout).toBe('pod/p condition met\n');
    expect((await old('get pod p -n old -o wide')).stdout).toMatch(/^p\s+1\/1\s+Running\s+0\s/m);
    const policy = shop.slice(shop.indexOf('apiVersion: networking')).replace('namespace: shop', 'namespace: old');
    expect((await old('apply -f -', policy)).stdout).toBe('networkpolicy.networking.k8s.io/db created\n');
    expect((await old('apply -f -', policy)).stdout).toBe('networkpolicy.networking.k8s.io/db unchanged\n');
    expect((await old('label pod p -n old x=y')).stdout).toBe('pod/p labeled\n');
    expect(await old(`exec -i p -n old -- bash -c 'cat; exit 3'`, 'typed')).toMatchObject({ code: 3, stdout: 'typed' });
    expect((await old('logs p -n old')).code).toBe(0);
    expect((await old('describe netpol db -n old')).stdout).toContain('PodSelector: app=web');
    expect((await old('delete namespace old')).stdout).toBe('namespace "old" deleted\n');
  });
});

/** `projectcalico.org/v3` and `crd.projectcalico.org/v1` over the same objects, with kubectl and with plain requests. */
import { ciliumDefinitions, clusterNetworkPolicyDefinition, turnedUid } from '@weir/compile';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kubectlPath } from '../../../apiserver/test/support/kubectl.ts';
import type { TestResponse, TestServer } from '../../../apiserver/test/support/test-server.ts';
import { type CalicoServer, startCalicoServer } from '../support/calico-server.ts';

const v3 = '/apis/projectcalico.org/v3';
const v1 = '/apis/crd.projectcalico.org/v1';
const policies = '/namespaces/default/networkpolicies';
const metadataAnnotation = 'projectcalico.org/metadata';

let calico: CalicoServer;
let program: string;
beforeAll(async () => {
  [calico, program] = await Promise.all([startCalicoServer(), kubectlPath()]);
}, 60_000);
afterAll(() => calico?.stop());
afterEach(async () => {
  for (const path of [policies, '/globalnetworkpolicies', '/namespaces/default/stagednetworkpolicies'])
    await request('DELETE', `${v1}${path}`);
  await request('DELETE', `${v3}/tiers/sec`);
});

function request(method: string, path: string, body?: object): Promise<TestResponse> {
  return calico.server.request(method, path, body === undefined ? {} : { body });
}

function kubectl(args: string, input?: object): ReturnType<TestServer['run']> {
  return calico.server.run(program, args.split(' '), input === undefined ? '' : JSON.stringify(input));
}

async function said(args: string, input?: object): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function object(kind: string, name: string, spec: object, metadata: object = {}): object {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...metadata }, spec };
}

const web = { selector: "app == 'web'", ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80, '8000:8010', 'web'] } }] };
const inDefault = { namespace: 'default', labels: { app: 'web' }, annotations: { why: 'tests' } };

describe('projectcalico.org/v3', { timeout: 60_000 }, () => {
  it('is a group of its own in discovery and in OpenAPI, with its names and documentation', async () => {
    const { json } = await request('GET', v3);
    const found = (json as unknown as { resources: { name: string; shortNames?: string[] }[] }).resources;
    expect(found.find(({ name }) => name === 'networkpolicies')?.shortNames).toEqual(['cnp', 'caliconetworkpolicy']);
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tiers', 'tiers/status', 'hostendpoints', 'stagedkubernetesnetworkpolicies', 'globalnetworksets', 'ippools']),
    );
    expect(found.map(({ name }) => name)).not.toContain('ipamblocks');
    expect(await said('explain networkpolicies.spec.ingress.action --api-version projectcalico.org/v3')).toMatch(
      /ENUM:\n +Allow\n +Deny\n +Log\n +Pass\n/,
    );
  });

  it('has a short name in common with other policies, which kubectl takes for the group of highest priority, and says so', async () => {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const [cilium] = ciliumDefinitions;
    for (const body of [clusterNetworkPolicyDefinition, cilium ?? {}]) await request('POST', crds, body);
    const listed = async (): Promise<string[]> => {
      const { json } = await request('GET', '/apis');
      return (json as unknown as { groups: { name: string }[] }).groups.map(({ name }) => name);
    };
    const ofPolicies = ['projectcalico.org', 'cilium.io', 'crd.projectcalico.org', 'policy.networking.k8s.io'];
    await expect.poll(async () => (await listed()).filter((name) => ofPolicies.includes(name))).toEqual(ofPolicies);
    const { stdout, stderr } = await kubectl(`get cnp -A --cache-dir=${calico.server.directory}/cnp`);
    expect(stdout + stderr).toContain('short name "cnp" could also match lower priority resource ciliumnetworkpolicies.cilium.io');
    expect(stderr).toContain('No resources found');
  });

  it('takes what kubectl applies, and stores it as calicoctl does', async () => {
    const policy = object('NetworkPolicy', 'allow-web', web, inDefault);
    expect(await said('apply -f -', policy)).toBe('networkpolicy.projectcalico.org/allow-web created\n');
    expect(await said('apply -f -', policy)).toBe('networkpolicy.projectcalico.org/allow-web unchanged\n');
    const { json: read } = await request('GET', `${v3}${policies}/allow-web`);
    expect(read).toMatchObject({
      apiVersion: 'projectcalico.org/v3',
      metadata: { labels: { app: 'web', 'projectcalico.org/tier': 'default' }, annotations: { why: 'tests' } },
      spec: { ...web, tier: 'default', types: ['Ingress'] },
    });
    const { json: stored } = await request('GET', `${v1}${policies}/allow-web`);
    expect(stored).toMatchObject({ apiVersion: 'crd.projectcalico.org/v1' });
    expect(stored.metadata.labels).toEqual({ 'projectcalico.org/tier': 'default' });
    expect(Object.keys(stored.metadata.annotations ?? {})).toEqual([metadataAnnotation]);
    expect(JSON.parse(stored.metadata.annotations?.[metadataAnnotation] ?? '')).toMatchObject({
      name: 'allow-web',
      labels: { app: 'web', 'projectcalico.org/tier': 'default' },
      managedFields: [{ manager: 'kubectl-client-side-apply', apiVersion: 'projectcalico.org/v3' }],
    });
    expect(stored.metadata.uid).toBe(turnedUid(read.metadata.uid ?? ''));
    expect(stored['spec']).toEqual(read['spec']);
  });

  it('selects by labels that are in no stored label, and by tier', async () => {
    await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'one', web, inDefault));
    await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'other', web));
    expect(await said('get networkpolicies.projectcalico.org -l app=web -o name')).toBe('networkpolicy.projectcalico.org/one\n');
    expect(await said('get cnp --field-selector spec.tier=default,metadata.name=other -o name')).toBe(
      'networkpolicy.projectcalico.org/other\n',
    );
    expect(await said('get cnp --field-selector spec.tier=sec -o name')).toBe('');
    expect(await said('get networkpolicies.crd.projectcalico.org -l app=web -o name')).toBe('');
  });

  it('prints tier and order', async () => {
    await request('POST', `${v3}/globalnetworkpolicies`, object('GlobalNetworkPolicy', 'first', { order: 0.5 }));
    expect(await said('get gnp')).toMatch(/^NAME +TIER +ORDER +AGE\nfirst +default +0\.5 +\S+\n$/);
    expect(await said('get tiers.projectcalico.org default')).toMatch(
      /^NAME +ORDER +DEFAULTACTION +STATUS +AGE\ndefault +1000000 +Deny .*\n$/,
    );
  });

  it('changes what the other group made, under its own name, and keeps the name that is stored', async () => {
    const annotations = { [metadataAnnotation]: '{"name":"web","creationTimestamp":null,"labels":{"app":"web"}}' };
    const stored = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default.web', annotations },
      spec: web,
    };
    expect((await request('POST', `${v1}${policies}`, stored)).status).toBe(201);
    expect(await said('get cnp -o name')).toBe('networkpolicy.projectcalico.org/web\n');
    await said('label cnp web a=b');
    const { json } = await request('GET', `${v1}${policies}/default.web`);
    expect(JSON.parse(json.metadata.annotations?.[metadataAnnotation] ?? '')).toMatchObject({
      name: 'web',
      labels: { app: 'web', a: 'b' },
    });
    expect((await request('GET', `${v3}${policies}/default.web`)).status).toBe(404);
    expect((await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'web', web))).json.reason).toBe('AlreadyExists');
    await said('delete cnp web');
    expect((await request('GET', `${v1}${policies}/default.web`)).status).toBe(404);
  });

  it('has a policy once that is stored under the names of two releases, as it is stored under its own name', async () => {
    const stored = (name: string, order: number): object => ({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name, annotations: { [metadataAnnotation]: '{"name":"web","creationTimestamp":null}' } },
      spec: { ...web, order },
    });
    await request('POST', `${v1}${policies}`, stored('default.web', 1));
    const { json } = await request('GET', `${v3}${policies}`);
    await request('POST', `${v1}${policies}`, stored('web', 2));
    const listed = async (): Promise<string> => said('get cnp -o custom-columns=NAME:.metadata.name,ORDER:.spec.order --no-headers');
    expect(await listed()).toMatch(/^web +2\n$/);
    await request('PUT', `${v1}${policies}/default.web`, stored('default.web', 3));
    await request('DELETE', `${v1}${policies}/default.web`);
    await request('DELETE', `${v1}${policies}/web`);
    const watch = await request('GET', `${v3}${policies}?watch=1&timeoutSeconds=1&resourceVersion=${json.metadata.resourceVersion}`);
    const lines = watch.text.split('\n').filter((line) => line !== '');
    const events = lines.map((line) => JSON.parse(line) as { type: string; object: { spec: { order: number } } });
    expect(events.filter(({ object: { spec } }) => spec.order === 2).map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    await request('POST', `${v1}${policies}`, stored('default.web', 4));
    expect(await listed()).toMatch(/^web +4\n$/);
  });

  it('shows what was written by hand without the annotation as it is', async () => {
    const stored = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default.plain', labels: { a: 'b' } },
      spec: web,
    };
    await request('POST', `${v1}${policies}`, stored);
    expect((await request('GET', `${v3}${policies}/default.plain`)).json.metadata).toMatchObject({
      name: 'default.plain',
      labels: { a: 'b' },
    });
  });

  it('watches under its own names', async () => {
    const { json } = await request('GET', `${v3}${policies}`);
    const watch = await calico.server.watch(
      `${v3}${policies}?watch=1&resourceVersion=${json.metadata.resourceVersion}&labelSelector=app%3Dweb`,
    );
    try {
      await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'other', web));
      await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'seen', web, inDefault));
      expect(await watch.next()).toMatchObject({
        type: 'ADDED',
        object: { apiVersion: 'projectcalico.org/v3', metadata: { name: 'seen', labels: { app: 'web' } } },
      });
    } finally {
      watch.close();
    }
  });

  it('is applied from the server with owners that conflict', async () => {
    await said('apply --server-side --field-manager one -f -', object('GlobalNetworkPolicy', 'shared', { order: 1 }));
    const { code, stderr } = await kubectl(
      'apply --server-side --field-manager two -f -',
      object('GlobalNetworkPolicy', 'shared', { order: 2 }),
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('conflict with "one": .spec.order');
  });

  it('deletes with a uid as it shows it, and not with the stored one', async () => {
    const { json } = await request('POST', `${v3}${policies}`, object('NetworkPolicy', 'a', web));
    const remove = (uid = ''): Promise<TestResponse> => request('DELETE', `${v3}${policies}/a`, { preconditions: { uid } });
    expect((await remove(turnedUid(json.metadata.uid ?? ''))).status).toBe(409);
    expect((await remove(json.metadata.uid)).status).toBe(200);
  });

  it.each<[string, object, string]>([
    ['NetworkPolicy', { selector: 'b == b' }, 'spec.selector: Invalid value'],
    ['NetworkPolicy', { ingress: [{ action: 'Allow', destination: { ports: [80] } }] }, 'must set protocol to TCP or UDP or SCTP'],
    ['NetworkPolicy', { ingress: [{ action: 'Perhaps' }] }, 'spec.ingress[0].action: Unsupported value: "Perhaps"'],
    ['NetworkPolicy', { tier: 'nowhere' }, 'spec.tier: Not found: "nowhere"'],
    ['GlobalNetworkPolicy', { preDNAT: true }, 'applyOnForward must be true if either preDNAT or doNotTrack is true'],
    ['StagedNetworkPolicy', { stagedAction: 'Delete', selector: 'all()' }, 'staged for deletion'],
    ['StagedKubernetesNetworkPolicy', { policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 0 }] }] }, 'spec.ingress[0].ports[0].port'],
    ['NetworkSet', { nets: ['10.0.0.0/33'] }, 'spec.nets[0]: Invalid value'],
    ['HostEndpoint', { node: 'n' }, 'no interfaceName or expectedIPs have been specified'],
    ['Tier', { defaultAction: 'Log' }, 'spec.defaultAction: Unsupported value: "Log"'],
  ])('refuses a %s with %o', async (kind, spec, reason) => {
    const { code, stderr } = await kubectl('apply -f -', object(kind, 'bad', spec));
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
  });
});

describe('profiles', { timeout: 60_000 }, () => {
  it('are made of namespaces and service accounts', async () => {
    await request('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'web', labels: { a: 'b' } } });
    expect((await request('GET', `${v3}/profiles/ksa.default.web`)).json).toMatchObject({
      apiVersion: 'projectcalico.org/v3',
      kind: 'Profile',
      spec: { labelsToApply: { 'pcsa.a': 'b', 'pcsa.projectcalico.org/name': 'web' }, egress: [{ action: 'Allow' }] },
    });
    const names = (await said('get profiles.projectcalico.org -o name')).split('\n');
    expect(names).toEqual(
      expect.arrayContaining(['projectcalico-default-allow', 'kns.default'].map((name) => `profile.projectcalico.org/${name}`)),
    );
    expect(await said('get profiles --field-selector metadata.name=kns.default')).toMatch(/^NAME +AGE\nkns\.default +\S+\n$/);
    expect((await request('GET', `${v3}/profiles/kns.nowhere`)).json.message).toBe('profiles.projectcalico.org "kns.nowhere" not found');
  });

  it('are for reading only', async () => {
    expect((await request('POST', `${v3}/profiles`, object('Profile', 'mine', {}))).status).toBe(405);
    expect((await request('DELETE', `${v3}/profiles/kns.default`)).status).toBe(405);
    expect((await request('GET', `${v3}/profiles?watch=true`)).status).toBe(405);
  });
});

describe('a tier', { timeout: 60_000 }, () => {
  it('is kept by its policies and goes when they have gone', async () => {
    await request('POST', `${v3}/tiers`, object('Tier', 'sec', {}));
    expect((await request('GET', `${v3}/tiers/sec`)).json['spec']).toEqual({ order: 1_000_000, defaultAction: 'Deny' });
    const namespaced = `${v3}/namespaces/default/stagednetworkpolicies`;
    expect((await request('POST', namespaced, object('StagedNetworkPolicy', 'sec.a', { tier: 'sec' }))).status).toBe(201);
    const kept = await request('DELETE', `${v3}/tiers/sec`);
    expect([kept.status, kept.json.message]).toEqual([403, 'tiers.projectcalico.org "sec" is forbidden: Cannot delete a non-empty tier']);
    await request('DELETE', `${namespaced}/sec.a`);
    expect((await request('DELETE', `${v3}/tiers/sec`)).status).toBe(200);
  });

  it.each(['default', 'adminnetworkpolicy', 'baselineadminnetworkpolicy'])('%s stays', async (name) => {
    expect((await request('DELETE', `${v3}/tiers/${name}`)).json.message).toContain(`Cannot delete ${name} tier`);
  });

  it('default cannot be changed', async () => {
    const { status, json } = await calico.server.request('PATCH', `${v3}/tiers/default`, {
      body: { spec: { order: 5 } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect([status, json.message]).toEqual([422, expect.stringContaining('the default tier must have order 1000000')]);
  });
});

describe('the forms of a definition', () => {
  it('go and come with it', async () => {
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/globalnetworksets.crd.projectcalico.org';
    const { json: before } = await request('GET', definition);
    await request('DELETE', definition);
    await expect.poll(async () => (await request('GET', `${v3}/globalnetworksets`)).status, { timeout: 15_000 }).toBe(404);
    const { metadata, ...rest } = before;
    await request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { ...rest, metadata: { name: metadata.name } });
    await expect.poll(async () => (await request('GET', `${v3}/globalnetworksets`)).status, { timeout: 15_000 }).toBe(200);
  });
});

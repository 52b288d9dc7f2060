/** `weir calicoctl` against a real API server with Calico's kinds: what it says, what it stores, and with which code it ends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../apiserver/test/support/answer.ts';
import { type CalicoServer, startCalicoServer } from '../../lab/test/support/calico-server.ts';
import { calicoctlCompletions } from '../src/index.ts';
import { runWords } from './support/run-words.ts';

const stored = '/apis/crd.projectcalico.org/v1';
const policies = `${stored}/namespaces/default/networkpolicies`;
const directory = mkdtempSync(join(tmpdir(), 'weirt-calicoctl-'));
let calico: CalicoServer;
let kubeconfig: string;
beforeAll(async () => {
  calico = await startCalicoServer();
  kubeconfig = calico.server.kubeconfig();
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await calico?.stop();
});
afterEach(async () => {
  for (const path of [policies, `${stored}/globalnetworkpolicies`, `${stored}/globalnetworksets`])
    await calico.server.request('DELETE', path);
});

const run = runWords(() => kubeconfig);

async function storedObject(path: string): Promise<Answer> {
  const { status, json } = await calico.server.request('GET', path);
  expect(status, path).toBe(200);
  return json;
}

const object = (kind: string, name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name, ...metadata },
  spec,
});
const web = object(
  'NetworkPolicy',
  'web',
  { order: 1_000_000, selector: "app == 'web'", ingress: [{ action: 'Allow' }] },
  { labels: { a: 'b' } },
);
const all = (...objects: readonly object[]): object => ({ apiVersion: 'v1', kind: 'List', items: objects });

describe('weir calicoctl', { timeout: 60_000 }, () => {
  it('stores a policy as the calicoctl of the cluster does, with its defaults', async () => {
    expect(await run('create -f -', web)).toEqual({ code: 0, stdout: "Successfully created 1 'NetworkPolicy' resource(s)\n", stderr: '' });
    const { metadata, spec } = await storedObject(`${policies}/default.web`);
    expect(metadata.labels).toEqual({ 'projectcalico.org/tier': 'default' });
    expect(JSON.parse(metadata.annotations['projectcalico.org/metadata'] ?? '')).toMatchObject({
      name: 'web',
      labels: { a: 'b', 'projectcalico.org/tier': 'default' },
    });
    expect(spec).toMatchObject({ tier: 'default', types: ['Ingress'] });
  });

  it('makes the tiers that are always there', async () => {
    await run('apply -f -', web);
    expect(await storedObject(`${stored}/tiers/kube-admin`)).toMatchObject({ spec: { order: 1_000, defaultAction: 'Pass' } });
  });

  it('says of what is there already that it is, and applies and replaces it', async () => {
    await run('create -f -', web);
    expect(await run('create -f -', web)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'failed to create \'NetworkPolicy\' resource: [resource already exists: NetworkPolicy(default/web) with error: networkpolicies.crd.projectcalico.org "default.web" already exists]\n',
    });
    expect((await run('create --skip-exists -f -', web)).stdout).toBe("Successfully created 1 'NetworkPolicy' resource(s)\n");
    const changed = object('NetworkPolicy', 'web', { order: 5 });
    expect((await run('apply -f -', changed)).stdout).toBe("Successfully applied 1 'NetworkPolicy' resource(s)\n");
    expect((await storedObject(`${policies}/default.web`)).spec).toMatchObject({ order: 5 });
    expect((await run('replace -f -', web)).stdout).toBe("Successfully replaced 1 'NetworkPolicy' resource(s)\n");
    const stale = object('NetworkPolicy', 'web', {}, { resourceVersion: '1' });
    expect((await run('replace -f -', stale)).stderr).toBe(
      "failed to replace 'NetworkPolicy' resource: update conflict: NetworkPolicy(default/web)\n",
    );
  });

  it('finds what another version of calicoctl stored under another name, and leaves it there', async () => {
    const annotations = { 'projectcalico.org/metadata': '{"name":"new","creationTimestamp":null}' };
    const body = { apiVersion: 'crd.projectcalico.org/v1', kind: 'NetworkPolicy', metadata: { name: 'new', annotations }, spec: {} };
    await calico.server.request('POST', policies, { body });
    expect((await run('get np new')).stdout).toContain('new');
    await run('apply -f -', object('NetworkPolicy', 'new', { order: 3 }));
    expect((await storedObject(`${policies}/new`)).spec).toMatchObject({ order: 3 });
    expect((await calico.server.request('GET', `${policies}/default.new`)).status).toBe(404);
  });

  it('prints tables as calicoctl does', async () => {
    await run(
      'apply -f -',
      all(web, object('GlobalNetworkSet', 'blocks', { nets: Array.from({ length: 9 }, (_, i) => `192.0.2.${i}/32`) })),
    );
    expect((await run('get policy')).stdout).toBe('NAME   TIER      \nweb    default   \n\n');
    expect((await run('get np -o wide')).stdout).toBe(
      "NAME   TIER      ORDER   SELECTOR       \nweb    default   1e+06   app == 'web'   \n\n",
    );
    expect((await run('get networkPolicies -A')).stdout).toBe('NAMESPACE   NAME   TIER      \ndefault     web    default   \n\n');
    expect((await run('get np web -n default -o custom-columns=NAME,ORDER')).stdout).toBe(
      'NAMESPACE   NAME   ORDER   \ndefault     web    1e+06   \n\n',
    );
    const [, row = ''] = (await run('get gnetsets -o wide')).stdout.split('\n');
    expect(row.split('   ')[1]).toMatch(/^192\.0\.2\.0\/32,.{64}\.\.\.$/);
    expect((await run('get gnp')).stdout).toBe('NAME   TIER   \n\n');
  });

  it('prints tiers in their order, and one that has none as the last', async () => {
    await run('apply -f -', web);
    const lines = (await run('get tiers')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.trimEnd().split(/ +/))).toEqual([
      ['NAME', 'ORDER'],
      ['adminnetworkpolicy', '1000'],
      ['kube-admin', '1000'],
      ['default', '1e+06'],
      ['baselineadminnetworkpolicy', '1e+07'],
      ['kube-baseline', '1e+07'],
    ]);
  });

  it('prints objects as they are put in again, one alone and several together', async () => {
    await run('apply -f -', all(web, object('NetworkPolicy', 'other', {})));
    const { stdout } = await run('get np web -o yaml --export');
    expect(stdout).toMatch(
      /^apiVersion: projectcalico\.org\/v3\nkind: NetworkPolicy\nmetadata:\n {2}generation: 1\n {2}labels:\n {4}a: b\n/,
    );
    expect(stdout).not.toMatch(/uid|resourceVersion|creationTimestamp/);
    expect((await run('replace -f -', stdout)).code).toBe(0);
    expect(JSON.parse((await run('get np web other -o json')).stdout)).toMatchObject([
      { metadata: { name: 'web' } },
      { metadata: { name: 'other' } },
    ]);
    const list = JSON.parse((await run('get np -o json')).stdout) as { kind: string; items: unknown[] };
    expect([list.kind, list.items.length]).toEqual(['NetworkPolicyList', 2]);
    expect((await run('apply -f -', JSON.stringify(list))).stdout).toBe("Successfully applied 2 'NetworkPolicy' resource(s)\n");
  });

  it('shows what is there and tells of what is not', async () => {
    await run('apply -f -', web);
    const { code, stdout, stderr } = await run('get np web nothing');
    expect([code, stdout]).toEqual([1, 'NAME   TIER      \nweb    default   \n\n']);
    expect(stderr).toBe(
      'resource does not exist: NetworkPolicy(default/nothing) with error: networkpolicies.crd.projectcalico.org "default.nothing" not found\n',
    );
  });

  it('counts what went well when a part did not', async () => {
    const outcome = await run(
      'apply -f -',
      all(web, object('GlobalNetworkPolicy', 'bad', { selector: 'b == b' }), object('GlobalNetworkPolicy', 'good', {})),
    );
    expect(outcome).toEqual({
      code: 1,
      stdout: 'Partial success: applied the first 2 out of 3 resources:\n',
      stderr:
        "hit error(s): [error with field Selector = 'b == b' (Reason: failed to validate Field: Selector because of Tag: selector )]\n",
    });
  });

  it('patches and labels', async () => {
    await run('apply -f -', web);
    expect((await run(['patch', 'np', 'web', '-p', '{"spec":{"order":7}}'])).stdout).toBe(
      "Successfully patched 1 'NetworkPolicy' resource\n",
    );
    expect((await run('label np web k=v')).stdout).toBe('Successfully set label k on np web\n');
    expect((await run('label np web k=w')).stderr).toBe(
      "failed to update label of np web, key k is already present. please use '--overwrite' to set a new value.\n",
    );
    expect((await run('label np web k=w --overwrite')).stdout).toBe('Successfully updated label k on np web\n');
    expect(JSON.parse((await run('get np web -o json')).stdout)).toMatchObject({
      metadata: { labels: { a: 'b', k: 'w' } },
      spec: { order: 7 },
    });
    expect((await run('label np web k --remove')).stdout).toBe('Successfully removed label k from np web\n');
    expect((await run('label np web k --remove')).stderr).toBe('cannot remove label of np web, key k does not exist\n');
  });

  it('deletes by name and by file, and passes over what is gone when told so', async () => {
    await run('apply -f -', web);
    expect((await run('delete np web')).stdout).toBe("Successfully deleted 1 'NetworkPolicy' resource(s)\n");
    expect(await run('delete -f -', web)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^failed to delete 'NetworkPolicy' resource: resource does not exist: /) as string,
    });
    expect((await run('delete -s -f -', web)).stdout).toBe("Successfully deleted 1 'NetworkPolicy' resource(s)\n");
    expect((await run('delete np')).stderr).toBe('resource name may not be empty\n');
  });

  it('keeps tiers that have policies, and those that are always there', async () => {
    await run('apply -f -', all(object('Tier', 'sec', { order: 5 }), object('NetworkPolicy', 'sec.a', { tier: 'sec' })));
    expect((await run('delete tier sec')).stderr).toBe(
      "failed to delete 'Tier' resource: operation delete is not supported on sec: Cannot delete a non-empty tier\n",
    );
    await run('delete np sec.a');
    expect((await run('delete tier sec')).code).toBe(0);
    expect((await run('delete tier default')).stderr).toContain('Cannot delete default tier');
  });

  it.each<[string, object, RegExp]>([
    [
      'in a tier that is not there',
      object('NetworkPolicy', 'a', { tier: 'nowhere' }),
      /resource does not exist: Tier\(nowhere\) with error: tiers\.crd\.projectcalico\.org "nowhere" not found/,
    ],
    ['whose name is none', object('NetworkPolicy', 'Bad', {}), /error with field Metadata\.Name = 'Bad' \(/],
    [
      'that is of Kubernetes',
      object('NetworkPolicy', 'knp.default.a', {}),
      /kubernetes network policies must be managed through the kubernetes API/,
    ],
    [
      'with a field that nobody knows',
      object('NetworkPolicy', 'a', { ingres: [] }),
      /field in document is not recognized or is in the wrong location: ingres\n/,
    ],
    ['of an unknown kind', object('Elsewhere', 'a', {}), /unknown resource type \(Elsewhere\) and\/or version \(projectcalico\.org\/v3\)/],
    [
      'of a namespace that has none',
      object('GlobalNetworkPolicy', 'a', {}, { namespace: 'x' }),
      /namespace should not be specified for a non-namespaced resource\. GlobalNetworkPolicy is not/,
    ],
    ['that can only be read', object('Profile', 'a', {}), /operation apply is not supported on Profile\(a\)/],
  ])('does not apply a resource %s', async (_case, resource, message) => {
    const { code, stderr } = await run('apply -f -', resource);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it.each([
    ['get things', "resource type 'things' is not supported\n"],
    ['get gnp -n x', 'GlobalNetworkPolicy is not namespaced\n'],
    ['get np -n x -A', 'cannot use both --namespace and --all-namespaces flags at the same time\n'],
    ['get np -o toml', "unrecognized output format 'toml'\n"],
    ['get np --nothing', "invalid option: 'calicoctl get np --nothing'. Use flag '--help' to read about a specific subcommand.\n"],
  ])('refuses %s', async (line, message) => {
    expect(await run(line)).toEqual({ code: 1, stdout: '', stderr: message });
  });

  it('makes profiles of namespaces and service accounts', async () => {
    expect((await run('get profile')).stdout).toContain('kns.default');
    const profile = JSON.parse((await run('get profile kns.default -o json')).stdout) as object;
    expect(profile).toMatchObject({
      kind: 'Profile',
      spec: {
        labelsToApply: { 'pcns.projectcalico.org/name': 'default', 'pcns.kubernetes.io/metadata.name': 'default' },
        ingress: [{ action: 'Allow' }],
        egress: [{ action: 'Allow' }],
      },
    });
  });

  it('speaks projectcalico.org/v3 when told so, to the same objects', async () => {
    const environment = { CALICO_API_GROUP: 'projectcalico.org/v3' };
    expect((await run('apply -f -', web, environment)).stdout).toBe("Successfully applied 1 'NetworkPolicy' resource(s)\n");
    expect((await storedObject(`${policies}/web`)).metadata.annotations['projectcalico.org/metadata']).toContain('"name":"web"');
    expect((await run('get np web')).code).toBe(0);
    expect((await run('delete np web', '', environment)).code).toBe(0);
  });

  it('tells versions', async () => {
    expect((await run('version')).stdout).toBe(
      'Client Version:    weir 0.0.0\nCluster Version:   v3.30.0\nCluster Type:      typha,kdd,k8s,operator,aks\n',
    );
  });

  it('is found by a connection in the environment, and says when it is not there', async () => {
    const environment = { K8S_API_ENDPOINT: 'https://127.0.0.1:1' };
    const { code, stderr } = await run('get np', '', environment);
    expect([code, stderr]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
    expect((await run('get np', '', { DATASTORE_TYPE: 'etcdv3' })).stderr).toContain('the data store "etcdv3" is not supported here');
  });
});

describe('weir calicoctl validate', () => {
  const folder = join(directory, 'resources');
  beforeAll(() => {
    mkdirSync(join(folder, 'below'), { recursive: true });
    writeFileSync(join(folder, 'a.yaml'), JSON.stringify(web));
    writeFileSync(join(folder, 'below', 'b.json'), JSON.stringify(object('GlobalNetworkPolicy', 'b', {})));
    writeFileSync(join(folder, 'notes.txt'), 'no resource');
    writeFileSync(join(directory, 'empty.yaml'), '');
  });

  it('asks no cluster', async () => {
    expect(await run(`validate -f ${folder}`, '', { K8S_API_ENDPOINT: 'https://127.0.0.1:1' })).toEqual({
      code: 0,
      stdout: "Successfully validated 1 'NetworkPolicy' resource(s)\n",
      stderr: '',
    });
    expect((await run(`validate -R -f ${folder}`)).stdout).toBe('Successfully validated 2 resource(s)\n');
  });

  it('tells all that is wrong with a resource', async () => {
    const bad = object('GlobalNetworkPolicy', 'a', { preDNAT: true, ingress: [{ action: 'Allow', destination: { ports: [80] } }] });
    const { code, stderr } = await run('validate -f -', bad);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^failed to validate 'GlobalNetworkPolicy' resource: \[error with the following fields:\n/);
    expect(stderr).toContain('applyOnForward must be true if either preDNAT or doNotTrack is true');
    expect(stderr).toContain('-  spec.ingress[0].destination.ports (rules with numeric port');
  });

  it('refuses files that hold nothing, unless told otherwise', async () => {
    const empty = join(directory, 'empty.yaml');
    expect((await run(`validate -f ${empty}`)).stderr).toBe(`no resources specified in file ${empty}\n`);
    expect((await run(`validate --skip-empty -f ${empty}`)).stdout).toBe('No resources specified\n');
    expect((await run('validate -f /nowhere')).stderr).toBe('failed to execute command: open /nowhere: no such file or directory\n');
  });
});

describe('the words of weir calicoctl', () => {
  it('are told', async () => {
    expect((await run('--help')).stdout).toContain('Not here, because they are about what Weir does not run:');
    expect((await run('ipam --help')).code).toBe(0);
    expect((await run('apply --help')).stdout).toContain('--filename=<FILENAME>');
    expect(await run('elsewhere')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^unknown command: "elsewhere"\n/) as string });
  });

  it('are completed', () => {
    expect(calicoctlCompletions(['de'])).toEqual(['delete']);
    expect(calicoctlCompletions(['get', 'globalnetworkp'])).toEqual(['globalnetworkpolicy']);
    expect(calicoctlCompletions(['apply', '--fi'])).toEqual(['--filename']);
    expect(calicoctlCompletions(['ipam', ''])).toEqual(['show']);
    expect(calicoctlCompletions(['ipam', 'show', '--show-b'])).toEqual(['--show-blocks', '--show-borrowed']);
  });
});

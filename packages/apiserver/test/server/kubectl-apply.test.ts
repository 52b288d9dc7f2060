/** `kubectl apply --server-side` of the real kubectl 1.35: what it says, and whose the fields are afterwards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectlPath } from '../support/kubectl.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let kubectl: string;
beforeAll(async () => {
  [server, kubectl] = await Promise.all([TestServer.start(), kubectlPath()]);
});
afterAll(() => server.dispose());

function run(args: string, input = ''): ReturnType<TestServer['run']> {
  return server.run(kubectl, args.split(' '), input);
}

async function said(args: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await run(args, input);
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function configMap(name: string, data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${data}`;
}

/** The managers as `kubectl get --show-managed-fields` shows them. */
async function managersOf(name: string): Promise<unknown> {
  const text = await said(`get configmap ${name} -o json --show-managed-fields`);
  const { metadata } = JSON.parse(text) as { metadata: { managedFields: { manager: string; operation: string; fieldsV1: object }[] } };
  return metadata.managedFields.map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);
}

describe('kubectl apply --server-side', { timeout: 60_000 }, () => {
  it('creates, changes and takes back what it no longer says', async () => {
    expect(await said('apply --server-side -f -', configMap('plain', '  a: "1"\n  b: "1"\n'))).toBe('configmap/plain serverside-applied\n');
    await said('apply --server-side -f -', configMap('plain', '  a: "2"\n'));
    expect(await said('get configmap plain -o jsonpath={.data}')).toBe('{"a":"2"}');
    expect(await managersOf('plain')).toEqual([['kubectl', 'Apply', { 'f:data': { 'f:a': {} } }]]);
  });

  it('tells of conflicts with other managers, and takes their fields with --force-conflicts', async () => {
    await said('apply --server-side --field-manager=one -f -', configMap('contested', '  a: "1"\n  b: "1"\n'));
    await said('patch configmap contested --field-manager=hand -p {"data":{"b":"2"}}');
    const { code, stderr } = await run('apply --server-side --field-manager=two -f -', configMap('contested', '  a: "2"\n  b: "3"\n'));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /^error: Apply failed with 2 conflicts: conflicts with "hand" using v1 at \S+:\n- \.data\.b\nconflicts with "one":\n- \.data\.a\n/,
    );
    await said('apply --server-side --field-manager=two --force-conflicts -f -', configMap('contested', '  a: "2"\n  b: "3"\n'));
    expect(await managersOf('contested')).toEqual([['two', 'Apply', { 'f:data': { 'f:a': {}, 'f:b': {} } }]]);
  });

  it('goes on from what kubectl applied from the client, and owns it alone', async () => {
    await said('apply -f -', configMap('migrated', '  a: "1"\n  b: "1"\n'));
    expect(await managersOf('migrated')).toMatchObject([['kubectl-client-side-apply', 'Update', {}]]);
    await said('apply --server-side -f -', configMap('migrated', '  a: "2"\n'));
    expect(await said('get configmap migrated -o jsonpath={.data}')).toBe('{"a":"2"}');
    const managers = (await managersOf('migrated')) as [string, string, object][];
    expect(managers.filter(([, , fields]) => 'f:data' in fields)).toEqual([['kubectl', 'Apply', { 'f:data': { 'f:a': {} } }]]);
    expect(managers.map(([, operation]) => operation)).not.toContain('Update');
    // And back: the annotation says what was applied last, so it can be taken back.
    await said('apply -f -', configMap('migrated', '  c: "1"\n'));
    expect(await said('get configmap migrated -o jsonpath={.data}')).toBe('{"c":"1"}');
  });

  it('changes nothing with --dry-run=server, and refuses what does not fit', async () => {
    const dry = await said('apply --server-side --dry-run=server -f -', configMap('plain', '  a: "9"\n'));
    expect(dry).toBe('configmap/plain serverside-applied (server dry run)\n');
    expect(await said('get configmap plain -o jsonpath={.data.a}')).toBe('2');
    const { stderr } = await run('apply --server-side -f -', `${configMap('plain', '  a: "2"\n')}foo: bar\n`);
    expect(stderr).toBe(
      'Error from server: failed to create typed patch object (default/plain; /v1, Kind=ConfigMap): .foo: field not declared in schema\n',
    );
  });
});

/** Custom resources through the real kubectl. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gateDefinition, gateVersion } from '../support/custom-resources.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let kubectl: string;
beforeAll(async () => {
  server = await TestServer.start();
  kubectl = await kubectlPath();
});
afterAll(() => server.dispose());

async function run(args: string, input: unknown = ''): Promise<string> {
  const { code, stdout, stderr } = await server.run(kubectl, args.split(' '), typeof input === 'string' ? input : JSON.stringify(input));
  return code === 0 ? stdout.trimEnd() : stderr.trimEnd();
}

const gate = (spec: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'test.example.com/v1',
  kind: 'Gate',
  metadata: { name: 'north', namespace: 'default' },
  spec,
});

it('defines, explains, applies, shows, scales, waits for and removes a custom kind', async () => {
  const versions = [gateVersion(), gateVersion({ name: 'v1beta1', storage: false, deprecated: true, subresources: { status: {} } })];
  expect(await run('apply -f -', gateDefinition({ versions }))).toBe(
    'customresourcedefinition.apiextensions.k8s.io/gates.test.example.com created',
  );
  expect(await run('wait --for=condition=Established crd/gates.test.example.com --timeout=20s')).toContain('condition met');
  expect(await run('explain gate.spec.doors.width')).toContain('FIELD: width <integer>');
  expect(await run('explain gates --api-version=test.example.com/v1beta1')).toContain('VERSION:    v1beta1');
  expect(await run('apply -f -', gate({ mode: 'Ajar' }))).toContain('Unsupported value: "Ajar": supported values: "Open", "Closed"');
  expect(await run('apply -f -', gate({ mode: 'Open', colour: 'red' }))).toContain('strict decoding error: unknown field "spec.colour"');
  expect(await run('apply -f -', gate({ mode: 'Open', doors: [{ name: 'a' }] }))).toBe('gate.test.example.com/north created');
  expect(await run('get gt -o wide')).toMatch(/^NAME +MODE +REPLICAS +LEFT\nnorth +Open +1 +90$/);
  expect(await run('get all')).toContain('gate.test.example.com/north');
  expect(await run('get gates --field-selector=spec.mode=Closed')).toBe('');
  expect(await run('apply -f -', gate({ mode: 'Closed' }))).toBe('gate.test.example.com/north configured');
  expect(await run('get gate north -o jsonpath={.spec}')).toBe('{"mode":"Closed","replicas":1}');
  expect(await run('scale gate north --replicas=3')).toBe('gate.test.example.com/north scaled');
  expect(await run('apply --server-side --field-manager=other -f -', gate({ mode: 'Open' }))).toContain('conflict');
  expect(await run('patch gate north --subresource=status --type=merge -p {"status":{"phase":"Ready"}}')).toContain('patched');
  expect(await run('wait --for=jsonpath={.status.phase}=Ready gate/north --timeout=20s')).toContain('condition met');
  expect(await run('get gates.v1beta1.test.example.com north -o jsonpath={.apiVersion}')).toBe('test.example.com/v1beta1');
  expect(await run('delete crd gates.test.example.com --timeout=20s')).toContain('deleted');
  // kubectl still believes in the kind, from what it discovered before.
  expect(await run('get gates')).toContain('the server could not find the requested resource');
});

it('lets those at a custom kind whom a role lets', async () => {
  const definition = { ...gateDefinition({ group: 'roles.example.com' }), metadata: { name: 'gates.roles.example.com' } };
  await run('apply -f -', definition);
  await run('wait --for=condition=Established crd/gates.roles.example.com --timeout=20s');
  expect(await run('get gates.roles.example.com --as=mia')).toContain(
    'User "mia" cannot list resource "gates" in API group "roles.example.com"',
  );
  await run('create role gatekeeper --verb=list,get --resource=gates.roles.example.com');
  await run('create rolebinding mia --role=gatekeeper --user=mia');
  expect(await run('get gates.roles.example.com --as=mia')).toBe('');
  expect(await run('delete gates.roles.example.com north --as=mia')).toContain('User "mia" cannot delete resource "gates"');
});

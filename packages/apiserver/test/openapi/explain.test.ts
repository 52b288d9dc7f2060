import { apiVersionOf, builtInResources } from '@weir/kube';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { define, gateDefinition } from '../support/custom-resources.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let kubectl: string;
beforeAll(async () => {
  [server, kubectl] = await Promise.all([TestServer.start(), kubectlPath()]);
  await define(server, gateDefinition());
});
afterAll(() => server.dispose());

async function explain(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await server.run(kubectl, ['explain', ...args]);
  expect(code, `kubectl explain ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

it('kubectl explain shows a field with what it means, its type, its values and what must be given', { timeout: 60_000 }, async () => {
  const ports = await explain('pod.spec.containers.ports');
  expect(ports).toMatch(/^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: ports <\[\]ContainerPort>\n/);
  expect(ports).toContain('    Ports that it listens on; others can be reached as well.\n');
  expect(ports).toMatch(/\n {2}containerPort\t<integer> -required-\n {4}Its number, 1 to 65535\.\n/);
  expect(ports).toMatch(/\n {2}protocol\t<string>\n {2}enum: SCTP, TCP, UDP\n {4}Its protocol\.\n/);
});

it('kubectl explain shows the words of a custom kind', { timeout: 60_000 }, async () => {
  const gate = await explain('gates.spec');
  expect(gate).toMatch(/^GROUP: {6}test\.example\.com\nKIND: {7}Gate\nVERSION: {4}v1\n\nFIELD: spec <Object>/);
  expect(gate).toMatch(/\n {2}doors\t<\[\]Object>/);
  expect(await explain('gates', '--recursive')).toMatch(/\n {4}doors\t<\[\]Object>\n {6}name\t<string> -required-\n/);
});

it('kubectl explain --recursive goes through all kinds', { timeout: 120_000 }, async () => {
  const resources = builtInResources.flatMap((each) => (each.verbs.includes('get') ? [each.plural, apiVersionOf(each)] : []));
  // One shell for all: starting each program from here costs more than what it does.
  const loop = 'while [ $# -gt 0 ]; do "$0" explain --recursive "$1" --api-version "$2" || exit 1; shift 2; done';
  const { code, stdout, stderr } = await server.run('sh', ['-c', loop, kubectl, ...resources]);
  expect(code, stderr).toBe(0);
  expect(stdout.match(/^KIND: /gm)).toHaveLength(resources.length / 2);
  expect(stdout).not.toContain('<empty>');
  expect(stdout).toMatch(/^ {6}topologyKey\t<string> -required-$/m);
});

/** Admission in a cluster: a webhook that is a program in a pod behind a service, and policies over exec. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

/** The webhook: refuses config maps without an owner, and gives the others a label. */
const program = `
const { readFileSync } = require('node:fs');
require('node:https').createServer({ key: readFileSync('/tls/tls.key'), cert: readFileSync('/tls/tls.crt') }, (request, response) => {
  let text = '';
  request.on('data', (part) => { text += part; });
  request.on('end', () => {
    const { request: { uid, object } } = JSON.parse(text);
    const owned = object.data !== undefined && object.data.owner !== undefined;
    const patch = [{ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }];
    const answer = owned
      ? { uid, allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
      : { uid, allowed: false, status: { message: 'who owns this?' } };
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
  });
}).listen(8443);
`;

let cluster: LabCluster;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 1, more: ['--engine', 'none'] });
});
afterAll(() => cluster?.down());

const apply = (...items: readonly object[]): Promise<string> =>
  cluster.kubectlOutput('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

/** A certificate for the service, its own authority. */
function certificate(): { readonly certificate: string; readonly key: string } {
  const file = (name: string): string => join(cluster.directory, name);
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=hook'];
  const names = ['-addext', 'subjectAltName=DNS:hook.hooks.svc', '-keyout', file('tls.key'), '-out', file('tls.crt')];
  execFileSync('openssl', ['req', '-x509', ...options, ...names], { stdio: 'ignore' });
  return { certificate: readFileSync(file('tls.crt'), 'utf8'), key: readFileSync(file('tls.key'), 'utf8') };
}

describe('a webhook in a pod', () => {
  it('is asked through its service, refuses and changes', async () => {
    const pair = certificate();
    const metadata = { name: 'hook', namespace: 'hooks' };
    const labels = { app: 'hook' };
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hooks' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'server.js': program } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': pair.certificate, 'tls.key': pair.key },
      },
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'c',
              image: 'agnhost',
              command: ['node', '/hook/server.js'],
              readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
              volumeMounts: [
                { name: 'hook', mountPath: '/hook' },
                { name: 'tls', mountPath: '/tls' },
              ],
            },
          ],
          volumes: [
            { name: 'hook', configMap: { name: 'hook' } },
            { name: 'tls', secret: { secretName: 'hook' } },
          ],
        },
      },
    );
    await cluster.kubectlOutput('-n hooks wait --for=condition=Ready pod/hook --timeout=60s');
    await expect
      .poll(() => cluster.kubectlOutput(`-n hooks get endpointslices -o jsonpath='{.items[*].endpoints[*].conditions.ready}'`), {
        timeout: 30_000,
      })
      .toBe('true');
    await apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'hook' },
      webhooks: [
        {
          name: 'hook.example.com',
          clientConfig: { service: { name: 'hook', namespace: 'hooks' }, caBundle: Buffer.from(pair.certificate).toString('base64') },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const refused = await cluster.kubectl('create configmap free');
    expect(refused.stderr).toContain('admission webhook "hook.example.com" denied the request: who owns this?');
    await cluster.kubectlOutput('create configmap owned --from-literal=owner=me');
    expect(await cluster.kubectlOutput(`get configmap owned -o jsonpath='{.metadata.labels.seen}'`)).toBe('yes');
    await cluster.kubectlOutput('delete mutatingwebhookconfiguration hook');
  }, 120_000);
});

describe('a policy over connections', () => {
  it('lets kubectl exec run the commands that it allows', async () => {
    await cluster.kubectlOutput('run target --image=agnhost --command -- sleep infinity');
    await cluster.kubectlOutput('wait --for=condition=Ready pod/target --timeout=60s');
    await apply(
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'exec' },
        spec: {
          matchConstraints: {
            resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/exec'] }],
          },
          validations: [{ expression: "object.command[0] != 'sh'", message: 'no shells here' }],
        },
      },
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'exec' },
        spec: { policyName: 'exec', validationActions: ['Deny'] },
      },
    );
    const shell = await cluster.kubectl('exec target -- sh -c true');
    expect(shell.code).toBe(1);
    expect(shell.stderr).toContain("ValidatingAdmissionPolicy 'exec' with binding 'exec' denied request: no shells here");
    expect(await cluster.kubectlOutput('exec target -- echo through')).toBe('through');
  }, 120_000);
});

/**
 * A server with something to protect: a secret that only the administrator may see, somebody who may do little, and
 * a second server whose tokens and certificates are worth nothing here.
 */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { generateServiceAccountKey } from '../../src/authentication/service-account-tokens.ts';
import type { KeyPair } from '../support/certificates.ts';
import { TestServer } from '../support/test-server.ts';
import type { Sender } from './hostile-requests.ts';

/** The server, and how each sender shows who it is. */
export interface FuzzedServer {
  readonly server: TestServer;
  /** A text that no answer to anybody but the administrator may hold. */
  readonly canary: string;
  /** What is in a Secret and nowhere else: the audit log may not hold it. */
  readonly secret: string;
  /** Faults that the server has told of since the last call. */
  takeFaults(): readonly unknown[];
  certificateOf(sender: Sender): KeyPair | undefined;
  /** The Authorization header of a sender. */
  authorizationOf(sender: Sender): string | undefined;
}

/** Where its audit log is. */
export function auditLogIn(directory: string): string {
  return join(directory, 'audit.log');
}

const issuer = 'https://kubernetes.default.svc.cluster.local';

/** Starts one. The node `n1` answers at `nodeSocket`. */
export async function startFuzzedServer(nodeSocket?: (directory: string) => string): Promise<FuzzedServer> {
  const faults: unknown[] = [];
  const server = await TestServer.start(({ directory }) => ({
    audit: { policy: { rules: [{ level: 'RequestResponse' }] }, path: auditLogIn(directory), onTrouble: (message) => faults.push(message) },
    onFault: (error) => faults.push(error),
    nodeSocket: (node) => (node === 'n1' && nodeSocket !== undefined ? nodeSocket(directory) : undefined),
    serviceAccounts: { key: generateServiceAccountKey(), issuer },
  }));
  const reader = server.ca.issueClient('reader', ['readers']);
  const canary = randomBytes(24).toString('base64url');
  const secret = randomBytes(24).toString('hex');
  await furnish({ server, canary, secret });
  const foreign = `Bearer ${await foreignToken()}`;
  return {
    server,
    canary,
    secret,
    takeFaults: () => faults.splice(0),
    certificateOf: (sender) => (sender === 'admin' ? server.admin : sender === 'reader' ? reader : undefined),
    authorizationOf: (sender) =>
      sender === 'foreign-token' ? foreign : sender === 'false-token' ? `Bearer ${randomBytes(40).toString('base64url')}` : undefined,
  };
}

/** Namespaces, what is in them, and the reader's role. */
async function furnish({ server, canary, secret }: Pick<FuzzedServer, 'server' | 'canary' | 'secret'>): Promise<void> {
  const make = async (path: string, body: object): Promise<void> => {
    const { status, text } = await server.request('POST', path, { body });
    if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${text}`);
  };
  for (const name of ['open', 'vault']) await make('/api/v1/namespaces', { metadata: { name } });
  await make('/api/v1/namespaces/vault/secrets', {
    metadata: { name: 'one' },
    data: { key: canary.replaceAll(/[-_]/g, 'A') },
    stringData: { canary, secret },
  });
  await make('/api/v1/namespaces/vault/configmaps', {
    metadata: { name: 'one', labels: { app: 'a' }, annotations: { canary } },
    data: { canary },
  });
  await make('/api/v1/nodes', { metadata: { name: 'n1' } });
  for (const namespace of ['open', 'default']) {
    await make(`/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name: 'one', labels: { app: 'a' } },
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] },
    });
    await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'one' } });
  }
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/open';
  await make(`${rbac}/roles`, {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: ['', 'apps'], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'patch'] }],
  });
  await make(`${rbac}/rolebindings`, {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
  });
}

/** Right in everything but the key. */
async function foreignToken(): Promise<string> {
  const now = Math.trunc(Date.now() / 1_000);
  return new SignJWT({ 'kubernetes.io': { namespace: 'open', serviceaccount: { name: 'one', uid: 'x' } } })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setSubject('system:serviceaccount:open:one')
    .setAudience([issuer])
    .setIssuedAt(now)
    .setExpirationTime(now + 360_000)
    .sign(createPrivateKey(generateServiceAccountKey()));
}

/**
 * Makes again what the administrator's inputs have broken. Namespaces that were deleted never go, since nobody empties
 * them here: their end is taken back.
 */
export async function refurnish(fuzzed: FuzzedServer): Promise<void> {
  const { server } = fuzzed;
  for (const namespace of ['open', 'default', 'vault']) {
    const path = `/api/v1/namespaces/${namespace}`;
    const found = await server.request('GET', path);
    if (found.status === 200 && found.json.metadata.deletionTimestamp !== undefined) {
      // An input may have given it finalizers of its own.
      const headers = { 'content-type': 'application/merge-patch+json' };
      await server.request('PATCH', path, { body: { metadata: { finalizers: null } }, headers });
      await server.request('PUT', `${path}/finalize`, { body: { metadata: { name: namespace }, spec: { finalizers: [] } } });
    }
  }
  await furnish(fuzzed);
}

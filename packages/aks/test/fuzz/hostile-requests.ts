/** Requests of every shape: right ones with something wrong in path, query, headers, body or token. */
import { createHmac } from 'node:crypto';
import type { Random } from '@weir/testkit';
import { clusterBody, linuxPool, windowsPool } from '../support/cluster-bodies.ts';
import { damaged, hostileText, withHostileParts } from './hostile-values.ts';

/** What a request is made from. */
export interface FuzzedCloud {
  /** Path of the subscription. */
  readonly subscription: string;
  /** A good token. */
  readonly token: string;
}

/** One input. */
export interface HostileRequest {
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether the request is nobody's: its token is none, or no good one. */
  readonly isStranger: boolean;
}

type MakeBody = (random: Random) => unknown;

const service = 'Microsoft.ContainerService';
const secret = 'a-password-OF-windows-1';
/** In no answer and in no document. */
export const passwordText = secret;

const nothing: MakeBody = () => undefined;
const clusterBodies: readonly MakeBody[] = [
  () => clusterBody(),
  () => clusterBody({ network: { networkPlugin: 'kubenet', networkPolicy: 'calico' } }),
  () => clusterBody({ network: { networkPolicy: 'cilium', networkDataplane: 'cilium', networkPluginMode: 'overlay' } }),
  () => clusterBody({ properties: { windowsProfile: { adminUsername: 'azureuser', adminPassword: secret } } }),
  () => clusterBody({ properties: { agentPoolProfiles: [linuxPool(), { name: 'npwin', ...windowsPool() }] } }),
];

const poolBody: MakeBody = (random) => ({
  properties: random.chance(0.5)
    ? windowsPool()
    : { count: 1, mode: 'User', enableAutoScaling: true, minCount: 1, maxCount: 3, powerState: { code: 'Stopped' } },
});

/** Methods and paths below the subscription, with bodies that are right. */
const routes: readonly (readonly [method: string, path: string, body: MakeBody])[] = [
  ['PUT', '/resourceGroups/G', () => ({ location: 'canadaeast', tags: { a: 'b' } })],
  ['GET', '/resourceGroups/G', nothing],
  [
    'PUT',
    '/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/I',
    () => ({ location: 'canadaeast', tags: { a: 'b' } }),
  ],
  ['GET', '/resourceGroups/G/resources?$filter=name%20eq%20%27F%27', nothing],
  ['HEAD', '/resourceGroups/G', nothing],
  ['DELETE', '/resourceGroups/g2', nothing],
  ['GET', "/resources?$filter=resourceType eq 'x'", nothing],
  ['POST', `/providers/${service}/register`, nothing],
  ['POST', `/providers/Microsoft.Features/providers/${service}/features/F/register`, nothing],
  ['GET', `/providers/${service}/locations/L/kubernetesVersions`, nothing],
  ['GET', `/providers/${service}/locations/L/operations/O`, nothing],
  ['PUT', 'C', (random) => random.pick(clusterBodies)(random)],
  ['PUT', 'C', (random) => random.pick(clusterBodies)(random)],
  ['PUT', 'C', (random) => random.pick(clusterBodies)(random)],
  ['GET', 'C', nothing],
  ['PATCH', 'C', () => ({ tags: { a: 'b' } })],
  ['DELETE', 'C', nothing],
  ['POST', 'C/A', () => ({ command: 'ls', context: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', clientId: 'x', secret })],
  ['GET', 'C/agentPools', nothing],
  ['PUT', 'C/agentPools/P', poolBody],
  ['PUT', 'C/agentPools/P', poolBody],
  ['DELETE', 'C/agentPools/P', nothing],
  ['POST', 'C/agentPools/P/abort', nothing],
  ['POST', 'C/agentPools/P/upgradeNodeImageVersion', nothing],
  ['PUT', 'C/providers/Microsoft.Authorization/roleAssignments/R', () => ({ properties: { roleDefinitionId: 'x' } })],
];

const actions = [
  'start',
  'stop',
  'abort',
  'runCommand',
  'rotateClusterCertificates',
  'resetServicePrincipalProfile',
  'resetAADProfile',
  'listClusterUserCredential',
  'listClusterAdminCredential',
];

const versions = ['2022-11-01', '2025-03-01', '2026-03-02-preview', '2015-01-01', '2099-01-01', '2025-13-45', ''];

/** Makes an input. */
export function hostileRequest(random: Random, { subscription, token }: FuzzedCloud): HostileRequest {
  const [method, path, makeBody] = random.pick(routes);
  const place = random.chance(0.96) ? subscription : `/subscriptions/${encoded(hostileText(random))}`;
  const version = random.chance(0.95) ? '2025-03-01' : random.pick(versions);
  const separator = path.includes('?') ? '&' : '?';
  const authorization = random.chance(0.85) ? `Bearer ${token}` : falseAuthorization(random, token);
  return {
    method: random.chance(0.97) ? method : random.pick(['OPTIONS', 'TRACE', 'PUT', 'POST', 'DELETE', 'PROPFIND']),
    target: `${place}${named(random, path)}${separator}api-version=${encoded(version)}`,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      'content-type': random.chance(0.97) ? 'application/json' : random.pick(['text/plain', 'application/x-www-form-urlencoded', '']),
      ...(random.chance(0.1) ? { 'x-ms-client-request-id': headerText(random) } : {}),
    },
    body: bodyOf(random, makeBody(random)),
    isStranger: authorization !== `Bearer ${token}`,
  };
}

function named(random: Random, path: string): string {
  const pick = (usual: readonly string[]): string => (random.chance(0.93) ? random.pick(usual) : encoded(hostileText(random)));
  return path
    .replace(/^C/, `/resourceGroups/G/providers/${service}/managedClusters/${pick(['c1', 'c2', 'C1'])}`)
    .replace('/G', () => `/${pick(['g1', 'g1', 'g1', 'g1', 'g1', 'g2'])}`)
    .replace(/\/A$/, () => `/${pick(actions)}`)
    .replace('/F/', () => `/${pick(['WindowsNetworkPolicyPreview'])}/`)
    .replace('/L/', () => `/${pick(['canadaeast'])}/`)
    .replace('userAssignedIdentities/I', () => `userAssignedIdentities/${pick(['id1'])}`)
    .replace('%27F%27', () => `%27${pick(['c1'])}%27`)
    .replace('agentPools/P', () => `agentPools/${pick(['nodepool1', 'npwin', 'second'])}`)
    .replaceAll(' ', '%20');
}

function bodyOf(random: Random, body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  const bytes = Buffer.from(JSON.stringify(withHostileParts(random, body, random.integer(0, 3))) ?? '');
  return random.chance(0.04) ? damaged(random, bytes) : bytes;
}

/** No token, one of another form, one that was changed, or one that says it needs no signature. */
function falseAuthorization(random: Random, token: string): string | undefined {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const tampered = part({ ...read, [random.pick(['exp', 'aud', 'appid', 'nbf', 'iss'])]: random.pick([9e12, '', null, [], 'x']) });
  const byPublicText = createHmac('sha256', 'weir').update(`${head}.${claims}`).digest('base64url');
  return random.pick([
    undefined,
    headerText(random),
    'Bearer',
    'Bearer ..',
    `Basic ${Buffer.from('a:b').toString('base64')}`,
    `Bearer ${part({ alg: 'none', typ: 'JWT' })}.${claims}.`,
    `Bearer ${part({ alg: 'none' })}.${claims}.${signature}`,
    `Bearer ${part({ alg: 'HS256', kid: 'weir' })}.${claims}.${byPublicText}`,
    `Bearer ${head}.${tampered}.${signature}`,
    `Bearer ${head}.${claims}`,
    `Bearer ${token.slice(0, random.integer(1, token.length - 2))}`,
    `Bearer ${token} ${token}`,
    `Bearer ${part({ alg: 'RS256', jwk: {}, jku: 'https://127.0.0.1/x', x5u: 'x' })}.${claims}.${signature}`,
  ]);
}

function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** What a client of Node lets through as the value of a header. */
function headerText(random: Random): string {
  return hostileText(random)
    .replaceAll(/[^\t\x20-\x7e]/g, '')
    .trim()
    .slice(0, 2_000);
}

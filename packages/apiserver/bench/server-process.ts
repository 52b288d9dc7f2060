/**
 * The process that is measured: an API server on loopback, full of pods from the start. Tells its URL when it is ready,
 * then, for each message, how much processor time it has used and how much memory it has.
 *
 *   node server-process.js DIRECTORY PODS      (started by apiserver.bench.js)
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { startApiServer } from '@weir/apiserver';
import type { KubeObject } from '@weir/kube';
import { namespaceOf, podsPerNamespace, runningPodOf } from './crowded-pod.ts';

/** What the process says of itself. Milliseconds; bytes, of memory of its own and of files that it has mapped. */
export interface ServerUsage {
  readonly url: string;
  readonly cpuMs: number;
  readonly rss: number;
  readonly rssOfFiles: number;
  readonly peakRss: number;
  readonly heap: number;
}

const [directory = '', podsText = '0'] = process.argv.slice(2);
const pods = Number(podsText);
/** Room for the pods that the bench creates itself. */
const namespaces = Math.ceil((pods + 20_000) / podsPerNamespace);
const file = (name: string): string => readFileSync(join(directory, name), 'utf8');

const server = await startApiServer({
  dataDirectory: join(directory, 'data'),
  tls: { certificate: file('server.crt'), key: file('server.key'), clientCa: file('ca.crt') },
  listen: [{ host: '127.0.0.1', port: 0 }],
  serviceCidrs: ['10.0.0.0/16'],
  nodeSocket: () => undefined,
  version: 'v1.35.2',
  roles: clientRoles(),
  initialObjects,
});

process.on('message', () => process.send?.(usage()));
process.once('disconnect', () => void server.close());
process.send?.(usage());

/** The client is nobody special: what it may do, a role allows. */
function clientRoles(): readonly KubeObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
  const role = { kind: 'ClusterRole', metadata: { name: 'bench' }, rules: [{ apiGroups: [''], resources: ['pods', 'configmaps'], verbs }] };
  const subjects = [{ apiGroup: rbac, kind: 'Group', name: 'bench' }];
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'bench' };
  const binding = { kind: 'ClusterRoleBinding', metadata: { name: 'bench' }, subjects, roleRef };
  return [role, binding].map((object) => ({ apiVersion: `${rbac}/v1`, ...object }));
}

function* initialObjects(): Iterable<KubeObject> {
  for (let i = 0; i < namespaces; i++) {
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(i * podsPerNamespace) } };
  }
  for (let i = 0; i < pods; i++) yield runningPodOf(i);
}

function usage(): ServerUsage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = memoryUsage();
  return {
    url: server.urls[0] ?? '',
    cpuMs: (user + system) / 1_000,
    rss,
    rssOfFiles: statusBytes('RssFile'),
    peakRss: statusBytes('VmHWM'),
    heap: heapUsed,
  };
}

function statusBytes(field: string): number {
  const text = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1_024;
}

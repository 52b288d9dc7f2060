/** Pods as clusters are full of them: made by a ReplicaSet, with probes, resources, a token volume and, when they run, a status. */
import type { KubeObject } from '@weir/kube';

/** Pods of one namespace. */
export const podsPerNamespace = 20;

/** The namespace of the pod with this index, from 0. */
export function namespaceOf(index: number): string {
  return `bench-${Math.floor(index / podsPerNamespace)}`;
}

/** What a client sends to create the pod with this index, from 0; about 1.6 KB of JSON. */
export function podOf(index: number): KubeObject & { readonly spec: object } {
  const app = `app-${index % 40}`;
  const hash = `${(index % 40) + 100}f9c8d7b5`;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}`, uid: uidOf(index), controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${app}-${hash}-${index}`,
      namespace: namespaceOf(index),
      labels: { app, 'pod-template-hash': hash, tier: index % 2 === 0 ? 'web' : 'backend' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
      ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
    },
    spec: {
      containers: [
        {
          name: 'main',
          image: `registry.example.com/shop/${app}:v1.27.3`,
          command: ['/app/server', '--listen=:8080', '--metrics=:9090'],
          ports: [
            { name: 'http', containerPort: 8080, protocol: 'TCP' },
            { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
          ],
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
          ],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
          livenessProbe: { httpGet: { path: '/live', port: 'http' }, periodSeconds: 10 },
          volumeMounts: [{ name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
        },
      ],
      volumes: [
        {
          name: 'kube-api-access',
          projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }] },
        },
      ],
      // Nobody runs it, so nobody would confirm its end.
      terminationGracePeriodSeconds: 0,
    },
  };
}

/** The same pod as it runs: with its node and its status. */
export function runningPodOf(index: number): KubeObject & { readonly spec: object; readonly status: object } {
  const pod = podOf(index);
  const time = '2026-01-02T03:04:05Z';
  const ip = `10.${Math.floor(index / 65536)}.${Math.floor(index / 256) % 256}.${index % 256}`;
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const status = {
    phase: 'Running',
    conditions: conditions.map((type) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: time })),
    hostIP: '10.224.0.4',
    hostIPs: [{ ip: '10.224.0.4' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: time,
    containerStatuses: [
      {
        name: 'main',
        state: { running: { startedAt: time } },
        lastState: {},
        ready: true,
        started: true,
        restartCount: 0,
        image: `registry.example.com/shop/app-${index % 40}:v1.27.3`,
        imageID: `sha256:${'7'.repeat(64)}`,
        containerID: `containerd://${'c'.repeat(64)}`,
      },
    ],
    qosClass: 'Burstable',
  };
  return { ...pod, spec: { ...pod.spec, nodeName: `node-${index % 250}` }, status };
}

function uidOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

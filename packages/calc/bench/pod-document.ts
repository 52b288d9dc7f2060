/**
 * A pod as an API server sends it: 3.7 KB of JSON, of which a policy engine needs a tenth.
 *
 * The parts are those of a Deployment's pod in a running cluster: managed fields of three writers, a
 * projected token, probes, resources, tolerations, conditions and container statuses.
 */
import type { Pod, StringMap } from '@weir/kube';
import type { PodFacts } from './world.ts';

const time = '2026-01-01T00:00:00Z';

/** The pod as an object; typed as what Weir reads of it. */
export function podDocument(facts: PodFacts, resourceVersion: number): Pod {
  const { namespace, name, uid, labels } = facts;
  const owner = name.slice(0, name.lastIndexOf('-'));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${owner}-`,
      namespace,
      uid,
      resourceVersion: String(resourceVersion),
      creationTimestamp: time,
      labels,
      annotations: { 'kubectl.kubernetes.io/restartedAt': time, 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: `${uid.slice(0, -1)}f`, controller: true, blockOwnerDeletion: true },
      ],
      managedFields: managedFields(labels),
    },
    spec: spec(facts),
    status: status(facts),
  } as Pod;
}

function managedFields(labels: StringMap): unknown {
  const labelFields = Object.fromEntries(Object.keys(labels).map((key) => [`f:${key}`, {}]));
  const container = { '.': {}, 'f:image': {}, 'f:imagePullPolicy': {}, 'f:name': {}, 'f:ports': {}, 'f:resources': {} };
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion: 'v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:generateName': {}, 'f:labels': { '.': {}, ...labelFields }, 'f:ownerReferences': { '.': {} } },
        'f:spec': { 'f:containers': { 'k:{"name":"main"}': container }, 'f:dnsPolicy': {}, 'f:restartPolicy': {}, 'f:schedulerName': {} },
      },
    },
    {
      manager: 'kubelet',
      operation: 'Update',
      apiVersion: 'v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:status': { 'f:conditions': {}, 'f:containerStatuses': {}, 'f:hostIP': {}, 'f:phase': {}, 'f:podIP': {}, 'f:podIPs': {} },
      },
      subresource: 'status',
    },
  ];
}

function spec({ node, portNumber, labels }: PodFacts): unknown {
  const probe = { httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 };
  return {
    volumes: [
      {
        name: 'kube-api-access-x7k2p',
        projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }], defaultMode: 420 },
      },
    ],
    containers: [
      {
        name: 'main',
        image: `registry.example.com/team/${labels['app'] ?? ''}:${labels['version'] ?? ''}`,
        args: ['--listen', `:${portNumber}`, '--log-format', 'json'],
        ports: [
          { name: 'http', containerPort: portNumber, protocol: 'TCP' },
          { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
        ],
        env: [
          { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
          { name: 'GREETING', value: 'a "quoted" \\ text' },
        ],
        resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '50m', memory: '64Mi' } },
        volumeMounts: [{ name: 'kube-api-access-x7k2p', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
        livenessProbe: probe,
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    serviceAccount: 'default',
    nodeName: node,
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ],
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

function status({ ip, index }: PodFacts): unknown {
  const condition = (type: string): unknown => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: time });
  return {
    phase: 'Running',
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
    hostIP: '172.16.0.1',
    hostIPs: [{ ip: '172.16.0.1' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: time,
    containerStatuses: [
      {
        name: 'main',
        state: { running: { startedAt: time } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image: 'registry.example.com/team/image:v1',
        imageID: `registry.example.com/team/image@sha256:${String(index).padStart(64, '0')}`,
        containerID: `containerd://${String(index).padStart(64, '0')}`,
        started: true,
      },
    ],
    qosClass: 'Burstable',
  };
}

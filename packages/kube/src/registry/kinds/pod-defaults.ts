/**
 * Defaulting of pod specs (`pkg/apis/core/v1/defaults.go`), also used for pod templates, and what a
 * new pod's status is.
 */
import { ensureObject, isJsonObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';

/** rw-r--r--, the mode of files that volumes make. */
const fileMode = 0o644;

/** Fills in the defaults of a pod spec; changes its argument. */
export function defaultPodSpec(spec: JsonObject): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  ensureObject(spec, 'securityContext');
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  if (account !== '') {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  const hostNetwork = spec['hostNetwork'] === true;
  for (const field of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of objectsAt(spec, field)) defaultContainer(container, hostNetwork);
  }
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

/** Defaults that a pod has and a template has not. */
export function defaultPod(pod: JsonObject): JsonObject {
  const spec = ensureObject(pod, 'spec');
  defaultPodSpec(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const container of [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')]) defaultRequests(container);
  return pod;
}

/** A new pod is Pending, whatever the client said. */
export function preparePod(pod: JsonObject): JsonObject {
  pod['status'] = { phase: 'Pending', qosClass: podQosClass(objectAt(pod, 'spec') ?? {}) };
  return pod;
}

function defaultContainer(container: JsonObject, hostNetwork: boolean): void {
  const image = textAt(container, 'image');
  setDefault(container, 'imagePullPolicy', imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent');
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  ensureObject(container, 'resources');
  for (const port of objectsAt(container, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork && (numberAt(port, 'hostPort') ?? 0) === 0 && numberAt(port, 'containerPort') !== undefined) {
      port['hostPort'] = port['containerPort'];
    }
  }
  for (const variable of objectsAt(container, 'env')) {
    const fieldRef = objectAt(objectAt(variable, 'valueFrom'), 'fieldRef');
    if (fieldRef !== undefined) setDefault(fieldRef, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = objectAt(container, name);
    if (probe !== undefined) defaultProbe(probe);
  }
}

function defaultProbe(probe: JsonObject): void {
  for (const [field, value] of [
    ['timeoutSeconds', 1],
    ['periodSeconds', 10],
    ['successThreshold', 1],
    ['failureThreshold', 3],
  ] as const) {
    if ((numberAt(probe, field) ?? 0) === 0) probe[field] = value;
  }
  const http = objectAt(probe, 'httpGet');
  if (http !== undefined) {
    setDefault(http, 'path', '/');
    setDefault(http, 'scheme', 'HTTP');
  }
}

/** A limit without a request is also the request. */
function defaultRequests(container: JsonObject): void {
  const resources = objectAt(container, 'resources');
  const limits = objectAt(resources, 'limits');
  if (resources === undefined || limits === undefined) return;
  const requests = ensureObject(resources, 'requests');
  for (const [name, quantity] of Object.entries(limits)) setDefault(requests, name, quantity);
}

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).filter((key) => key !== 'name').length === 0) volume['emptyDir'] = {};
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const value = objectAt(volume, source);
    if (value !== undefined) setDefault(value, 'defaultMode', fileMode);
  }
  const template = objectAt(objectAt(volume, 'ephemeral'), 'volumeClaimTemplate');
  if (template !== undefined) setDefault(ensureObject(template, 'spec'), 'volumeMode', 'Filesystem');
  const hostPath = objectAt(volume, 'hostPath');
  if (hostPath !== undefined && hostPath['type'] === undefined) hostPath['type'] = '';
}

/** The tag of an image reference; `latest` when it has neither tag nor digest. */
function imageTag(image: string): string {
  if (image.includes('@')) return '';
  const last = image.slice(image.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  return colon < 0 ? 'latest' : last.slice(colon + 1);
}

/** The quality-of-service class: Guaranteed, Burstable or BestEffort. */
export function podQosClass(spec: JsonObject): string {
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  let anything = false;
  let guaranteed = containers.length > 0;
  for (const container of containers) {
    const resources = objectAt(container, 'resources');
    const limits = objectAt(resources, 'limits') ?? {};
    const requests = objectAt(resources, 'requests') ?? {};
    if (Object.keys(limits).length + Object.keys(requests).length > 0) anything = true;
    for (const name of ['cpu', 'memory']) {
      if (limits[name] === undefined || (requests[name] !== undefined && requests[name] !== limits[name])) guaranteed = false;
    }
  }
  if (!anything) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** How long a pod may take to end: unscheduled and finished pods end at once. */
export function podGraceSeconds(pod: JsonObject, requested: number | undefined): number {
  const spec = objectAt(pod, 'spec');
  const phase = textAt(objectAt(pod, 'status'), 'phase');
  if (textAt(spec, 'nodeName') === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
  const seconds = requested ?? numberAt(spec, 'terminationGracePeriodSeconds') ?? 30;
  return seconds < 0 ? 1 : seconds;
}

/** Whether the pod's condition of a type is True. */
export function conditionIsTrue(object: JsonObject, type: string): boolean {
  return listAt(objectAt(object, 'status'), 'conditions').some(
    (condition) => isJsonObject(condition) && condition['type'] === type && condition['status'] === 'True',
  );
}

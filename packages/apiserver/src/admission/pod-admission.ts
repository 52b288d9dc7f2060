/** Pods: what the real server's admission sets from other objects (`plugin/pkg/admission`): service account, classes, tolerations. */
import {
  ensureObject,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  podQosClass,
  setDefault,
  systemPriorities,
  textAt,
} from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission } from './admission-request.ts';
import { applyDefaultLimits } from './limit-range.ts';
import { admitServiceAccount } from './service-account-admission.ts';

const priorityClasses = 'priorityclasses.scheduling.k8s.io';
const runtimeClasses = 'runtimeclasses.node.k8s.io';

/** How long a pod stays on a node that is lost, in seconds (`DefaultTolerationSeconds`). */
const lostNodeSeconds = 300;

/** Admits a new pod. */
export function admitPod(admission: CreateAdmission): JsonObject {
  const pod = admission.object;
  const spec = ensureObject(pod, 'spec');
  applyDefaultLimits(admission);
  admitServiceAccount(admission);
  setPriority(spec, admission);
  setRuntime(spec, admission);
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) tolerateForAWhile(spec, key);
  // The default limits may have changed it.
  ensureObject(pod, 'status')['qosClass'] = podQosClass(spec);
  return pod;
}

/** The priority of the pod's class, or of the class for pods without one. A number that contradicts it is refused. */
function setPriority(spec: JsonObject, admission: CreateAdmission): void {
  const name = textAt(spec, 'priorityClassName');
  const asked = numberAt(spec, 'priority');
  const found = name === '' ? globalDefault(admission) : priorityClass(name, admission);
  const value = found?.value ?? 0;
  if (asked !== undefined && asked !== value) {
    const message = `the integer value of priority (${asked}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw forbidden(subjectOf(admission.target, nameOf(admission)), message);
  }
  if (found !== undefined && name === '') spec['priorityClassName'] = found.name;
  spec['priority'] = value;
  setDefault(spec, 'preemptionPolicy', found?.preemptionPolicy ?? 'PreemptLowerPriority');
}

interface FoundClass {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

function priorityClass(name: string, admission: CreateAdmission): FoundClass {
  const stored = admission.transaction.get({ resource: priorityClasses, namespace: '', name });
  if (stored !== undefined) return classOf(stored.json);
  const system = systemPriorities[name];
  if (system !== undefined) return { name, value: system, preemptionPolicy: 'PreemptLowerPriority' };
  throw forbidden(subjectOf(admission.target, nameOf(admission)), `no PriorityClass with name ${name} was found`);
}

/** The class that is for pods without one; of several the one of the least priority. */
function globalDefault({ transaction }: CreateAdmission): FoundClass | undefined {
  const all = Array.from(transaction.list({ resource: priorityClasses }))
    .filter(({ object }) => object.json['globalDefault'] === true)
    .map(({ object }) => classOf(object.json));
  return all.toSorted((a, b) => a.value - b.value)[0];
}

function classOf(object: Readonly<JsonObject>): FoundClass {
  return {
    name: textAt(objectAt(object, 'metadata'), 'name'),
    value: numberAt(object, 'value') ?? 0,
    preemptionPolicy: textAt(object, 'preemptionPolicy') || 'PreemptLowerPriority',
  };
}

/** The overhead of the pod's runtime class, and where it runs. */
function setRuntime(spec: JsonObject, admission: CreateAdmission): void {
  const name = textAt(spec, 'runtimeClassName');
  if (name === '') return;
  const found = admission.transaction.get({ resource: runtimeClasses, namespace: '', name });
  const subject = subjectOf(admission.target, nameOf(admission));
  if (found === undefined) throw forbidden(subject, `pod rejected: RuntimeClass "${name}" not found`);
  const overhead = objectAt(objectAt(found.json, 'overhead'), 'podFixed');
  if (overhead !== undefined) spec['overhead'] = overhead;
  const scheduling = objectAt(found.json, 'scheduling');
  for (const [key, value] of Object.entries(objectAt(scheduling, 'nodeSelector') ?? {})) {
    const selector = ensureObject(spec, 'nodeSelector');
    if (selector[key] !== undefined && selector[key] !== value) {
      throw forbidden(
        subject,
        `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${String(value)}; pod.spec.nodeSelector[${key}] = ${textAt(selector, key)}`,
      );
    }
    selector[key] = value;
  }
  const tolerations = listAt(scheduling, 'tolerations');
  if (tolerations.length > 0) spec['tolerations'] = [...listAt(spec, 'tolerations'), ...tolerations];
}

function tolerateForAWhile(spec: JsonObject, key: string): void {
  const present = objectsAt(spec, 'tolerations');
  const isCovered = present.some(
    (each) => (textAt(each, 'key') === key || textAt(each, 'key') === '') && ['', 'NoExecute'].includes(textAt(each, 'effect')),
  );
  if (isCovered) return;
  const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds };
  spec['tolerations'] = [...present, toleration];
}

function nameOf({ object }: CreateAdmission): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

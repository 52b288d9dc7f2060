/**
 * Validation of pods and pod templates (`pkg/apis/core/validation`, Kubernetes 1.35): what a person
 * writing manifests would get wrong, all errors at once.
 */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../selectors/name-formats.ts';
import { validateLabels } from '../selectors/validate-label-selector.ts';
import { checkNotNegative, checkSupported, checkUnique, deepEqual, forbiddenField, required } from './field-rules.ts';
import { validateClaimSpec } from './validate-claim.ts';
import { validateContainers } from './validate-container.ts';
import { invalidValue, stringMap } from './validate-object-meta.ts';

const restartPolicies = ['Always', 'Never', 'OnFailure'];
const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];

/** Every error in a new pod; takes a defaulted pod. */
export function validatePod(pod: JsonObject): FieldError[] {
  const spec = objectAt(pod, 'spec') ?? {};
  const errors = validatePodSpec(spec, 'spec');
  if (listAt(spec, 'ephemeralContainers').length > 0) {
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  return errors;
}

/** Every error in a pod spec; `path` is its own, e.g. `spec.template.spec`. */
export function validatePodSpec(spec: JsonObject, path: string): FieldError[] {
  const volumes = objectsAt(spec, 'volumes');
  const containers = objectsAt(spec, 'containers');
  const initContainers = objectsAt(spec, 'initContainers');
  const around = {
    volumeNames: new Set(volumes.map((volume) => textAt(volume, 'name'))),
    hostNetwork: spec['hostNetwork'] === true,
  };
  const errors = validateVolumes(volumes, `${path}.volumes`);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  errors.push(...validateContainers(containers, `${path}.containers`, { ...around, init: false }));
  errors.push(...validateContainers(initContainers, `${path}.initContainers`, { ...around, init: true }));
  const names = [...containers, ...initContainers].map((container) => container['name']);
  errors.push(
    ...checkUnique(names, (i) =>
      i < containers.length ? `${path}.containers[${i}].name` : `${path}.initContainers[${i - containers.length}].name`,
    ),
  );
  return [...errors, ...validateScalars(spec, path), ...validateTolerations(spec, path)];
}

/** Every error of a change of a pod's spec; the metadata is checked elsewhere. */
export function validatePodUpdate(pod: JsonObject, old: JsonObject): FieldError[] {
  const spec = objectAt(pod, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  const errors = validatePodSpec(spec, 'spec');
  const containers = objectsAt(spec, 'containers');
  if (containers.length !== objectsAt(before, 'containers').length) {
    return [...errors, forbiddenField('spec.containers', 'pod updates may not add or remove containers')];
  }
  if (objectsAt(spec, 'initContainers').length !== objectsAt(before, 'initContainers').length) {
    return [...errors, forbiddenField('spec.initContainers', 'pod updates may not add or remove containers')];
  }
  const changed = changedFields(withoutMutableFields(spec), withoutMutableFields(before));
  if (changed.length > 0) {
    const message =
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
    errors.push(forbiddenField('spec', `${message}\nchanged: ${changed.map((field) => `spec.${field}`).join(', ')}`));
  }
  const tolerations = listAt(spec, 'tolerations');
  for (const toleration of listAt(before, 'tolerations')) {
    if (!tolerations.some((item) => deepEqual(item, toleration))) {
      errors.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
    }
  }
  return errors;
}

function withoutMutableFields(spec: JsonObject): JsonObject {
  const withoutImage = (containers: readonly JsonObject[]): JsonObject[] => containers.map(({ image: _image, ...container }) => container);
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = spec;
  return {
    ...rest,
    containers: withoutImage(objectsAt(spec, 'containers')),
    initContainers: withoutImage(objectsAt(spec, 'initContainers')),
  };
}

function changedFields(spec: JsonObject, before: JsonObject): string[] {
  const keys = new Set([...Object.keys(spec), ...Object.keys(before)]);
  return [...keys].filter((key) => !deepEqual(spec[key], before[key])).sort();
}

function validateScalars(spec: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (textAt(spec, 'restartPolicy') === '') errors.push(required(`${path}.restartPolicy`));
  else errors.push(...checkSupported(`${path}.restartPolicy`, spec['restartPolicy'], restartPolicies));
  errors.push(...checkSupported(`${path}.dnsPolicy`, spec['dnsPolicy'], dnsPolicies));
  if (spec['dnsPolicy'] === 'None' && listAt(objectAt(spec, 'dnsConfig'), 'nameservers').length === 0) {
    errors.push(required(`${path}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  errors.push(...checkNotNegative(`${path}.terminationGracePeriodSeconds`, spec['terminationGracePeriodSeconds']));
  const deadline = numberAt(spec, 'activeDeadlineSeconds');
  if (deadline !== undefined && (deadline < 1 || deadline > 2147483647)) {
    errors.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'));
  }
  errors.push(...validateLabels(stringMap(spec, 'nodeSelector'), `${path}.nodeSelector`));
  for (const field of ['nodeName', 'serviceAccountName']) {
    const name = textAt(spec, field);
    if (name !== '') errors.push(...dnsSubdomainProblems(name).map((message) => invalidValue(`${path}.${field}`, name, message)));
  }
  errors.push(...validateHostnameOverride(spec, path));
  for (const field of ['hostname', 'subdomain']) {
    const name = textAt(spec, field);
    if (name !== '') errors.push(...dnsLabelProblems(name).map((message) => invalidValue(`${path}.${field}`, name, message)));
  }
  return errors;
}

/** One name instead of all others: it has to fit into the kernel's, and nothing else may have a say. */
function validateHostnameOverride(spec: JsonObject, path: string): FieldError[] {
  const name = textAt(spec, 'hostnameOverride');
  if (spec['hostnameOverride'] === undefined) return [];
  const at = `${path}.hostnameOverride`;
  const errors = dnsSubdomainProblems(name).map((message) => invalidValue(at, name, message));
  if (name.length > 64) errors.push({ reason: 'FieldValueTooLong', field: at, message: 'may not be more than 64 bytes' });
  if (spec['setHostnameAsFQDN'] === true) errors.push(forbiddenField(at, 'may not be set when setHostnameAsFQDN is true'));
  if (spec['hostNetwork'] === true) errors.push(forbiddenField(at, 'may not be set when hostNetwork is true'));
  return errors;
}

function validateVolumes(volumes: readonly JsonObject[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, volume] of volumes.entries()) {
    const name = textAt(volume, 'name');
    if (name === '') errors.push(required(`${path}[${i}].name`));
    else errors.push(...dnsLabelProblems(name).map((message) => invalidValue(`${path}[${i}].name`, name, message)));
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    if (sources.length === 0) errors.push(required(`${path}[${i}]`, 'must specify a volume type'));
    for (const source of sources.slice(1)) {
      errors.push(forbiddenField(`${path}[${i}].${source}`, 'may not specify more than 1 volume type'));
    }
    errors.push(...validateEphemeral(volume, `${path}[${i}].ephemeral`));
  }
  errors.push(
    ...checkUnique(
      volumes.map((volume) => volume['name']),
      (i) => `${path}[${i}].name`,
    ),
  );
  return errors;
}

function validateEphemeral(volume: JsonObject, path: string): FieldError[] {
  const ephemeral = objectAt(volume, 'ephemeral');
  if (ephemeral === undefined) return [];
  const template = objectAt(ephemeral, 'volumeClaimTemplate');
  if (template === undefined) return [required(`${path}.volumeClaimTemplate`)];
  return validateClaimSpec(objectAt(template, 'spec'), `${path}.volumeClaimTemplate.spec`);
}

function validateTolerations(spec: JsonObject, path: string): FieldError[] {
  return objectsAt(spec, 'tolerations').flatMap((toleration, i) => {
    const at = `${path}.tolerations[${i}]`;
    const errors = checkSupported(`${at}.operator`, toleration['operator'] ?? 'Equal', ['Equal', 'Exists']);
    errors.push(...checkSupported(`${at}.effect`, toleration['effect'], ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute']));
    if (textAt(toleration, 'key') === '' && toleration['operator'] !== 'Exists') {
      const message = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(`${at}.operator`, toleration['operator'] ?? '', message));
    }
    return errors;
  });
}

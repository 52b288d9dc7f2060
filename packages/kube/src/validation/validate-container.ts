/**
 * Validation of containers: names, images, ports, environment, mounts, resources, probes
 * (`pkg/apis/core/validation`, Kubernetes 1.35), for what a person would get wrong.
 */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { dnsLabelProblems, portNameProblems, portNumberProblems } from '../selectors/name-formats.ts';
import { checkNotNegative, checkSupported, checkUnique, forbiddenField, parseQuantity, quantityRule, required } from './field-rules.ts';
import { invalidValue } from './validate-object-meta.ts';

/** What is known of the pod around the container. */
export interface ContainerSurroundings {
  readonly volumeNames: ReadonlySet<string>;
  readonly hostNetwork: boolean;
  readonly init: boolean;
}

/** Errors of all the containers of one list; `path` is the list's, e.g. `spec.containers`. */
export function validateContainers(containers: readonly JsonObject[], path: string, around: ContainerSurroundings): FieldError[] {
  return containers.flatMap((container, i) => validateContainer(container, `${path}[${i}]`, around));
}

function validateContainer(container: JsonObject, path: string, around: ContainerSurroundings): FieldError[] {
  const name = textAt(container, 'name');
  const image = textAt(container, 'image');
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${path}.name`));
  else errors.push(...dnsLabelProblems(name).map((message) => invalidValue(`${path}.name`, name, message)));
  if (image === '') errors.push(required(`${path}.image`));
  else if (image.trim() !== image) errors.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  errors.push(...validateRestartPolicy(container, path, around));
  errors.push(...checkSupported(`${path}.imagePullPolicy`, container['imagePullPolicy'], ['Always', 'IfNotPresent', 'Never']));
  errors.push(
    ...checkSupported(`${path}.terminationMessagePolicy`, container['terminationMessagePolicy'], ['File', 'FallbackToLogsOnError']),
  );
  errors.push(...validatePorts(objectsAt(container, 'ports'), `${path}.ports`, around));
  errors.push(...validateEnvironment(objectsAt(container, 'env'), `${path}.env`));
  errors.push(...validateMounts(objectsAt(container, 'volumeMounts'), `${path}.volumeMounts`, around));
  errors.push(...validateResources(objectAt(container, 'resources'), `${path}.resources`));
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    errors.push(...validateProbe(objectAt(container, probe), `${path}.${probe}`));
  }
  return errors;
}

function validateRestartPolicy(container: JsonObject, path: string, around: ContainerSurroundings): FieldError[] {
  if (!around.init) return checkSupported(`${path}.restartPolicy`, container['restartPolicy'], ['Always', 'Never', 'OnFailure']);
  const errors = checkSupported(`${path}.restartPolicy`, container['restartPolicy'], ['Always']);
  if (container['restartPolicy'] === 'Always') return errors;
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']) {
    if (container[field] !== undefined) {
      errors.push(forbiddenField(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'));
    }
  }
  return errors;
}

function validatePorts(ports: readonly JsonObject[], path: string, around: ContainerSurroundings): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, port] of ports.entries()) {
    const at = `${path}[${i}]`;
    const name = textAt(port, 'name');
    if (name !== '') errors.push(...portNameProblems(name).map((message) => invalidValue(`${at}.name`, name, message)));
    const number = numberAt(port, 'containerPort') ?? 0;
    if (number === 0) errors.push(required(`${at}.containerPort`));
    else errors.push(...portNumberProblems(number).map((message) => invalidValue(`${at}.containerPort`, number, message)));
    const hostPort = numberAt(port, 'hostPort') ?? 0;
    if (hostPort !== 0) {
      errors.push(...portNumberProblems(hostPort).map((message) => invalidValue(`${at}.hostPort`, hostPort, message)));
      if (around.hostNetwork && hostPort !== number) {
        errors.push(invalidValue(`${at}.containerPort`, number, 'must match `hostPort` when `hostNetwork` is true'));
      }
    }
    if (textAt(port, 'protocol') === '') errors.push(required(`${at}.protocol`));
    else errors.push(...checkSupported(`${at}.protocol`, port['protocol'], ['TCP', 'UDP', 'SCTP']));
  }
  errors.push(
    ...checkUnique(
      ports.map((port) => port['name']),
      (i) => `${path}[${i}].name`,
    ),
  );
  return errors;
}

function validateEnvironment(variables: readonly JsonObject[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, variable] of variables.entries()) {
    const name = textAt(variable, 'name');
    if (name === '') errors.push(required(`${path}[${i}].name`));
    else if (!/^[ -<>-~]+$/.test(name)) {
      const message =
        "a valid environment variable name must consist only of printable ASCII characters other than '=' (regex used for validation is '^[ -<>-~]+$')";
      errors.push(invalidValue(`${path}[${i}].name`, name, message));
    }
    const source = objectAt(variable, 'valueFrom');
    if (source === undefined) continue;
    if (Object.keys(source).length === 0) {
      errors.push(
        invalidValue(
          `${path}[${i}].valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
        ),
      );
    } else if (Object.keys(source).length > 1) {
      errors.push(invalidValue(`${path}[${i}].valueFrom`, '', 'may not have more than one field specified at a time'));
    }
    if (textAt(variable, 'value') !== '') {
      errors.push(invalidValue(`${path}[${i}].valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
  }
  return errors;
}

function validateMounts(mounts: readonly JsonObject[], path: string, around: ContainerSurroundings): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [i, mount] of mounts.entries()) {
    const name = textAt(mount, 'name');
    const mountPath = textAt(mount, 'mountPath');
    if (name === '') errors.push(required(`${path}[${i}].name`));
    else if (!around.volumeNames.has(name)) {
      errors.push({ reason: 'FieldValueNotFound', field: `${path}[${i}].name`, value: name, message: '' });
    }
    if (mountPath === '') errors.push(required(`${path}[${i}].mountPath`));
    else if (paths.has(mountPath)) errors.push(invalidValue(`${path}[${i}].mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
  }
  return errors;
}

function validateResources(resources: JsonObject | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const limits = objectAt(resources, 'limits') ?? {};
  for (const part of ['limits', 'requests']) {
    for (const [name, quantity] of Object.entries(objectAt(resources, part) ?? {})) {
      const value = parseQuantity(quantity);
      const at = `${path}.${part}[${name}]`;
      if (value === undefined) errors.push(invalidValue(at, quantity, quantityRule));
      else if (value < 0) errors.push(invalidValue(at, String(quantity), 'must be greater than or equal to 0'));
      const limit = part === 'requests' ? parseQuantity(limits[name] ?? '') : undefined;
      if (value !== undefined && limit !== undefined && value > limit) {
        errors.push(
          invalidValue(`${path}.requests`, String(quantity), `must be less than or equal to ${name} limit of ${String(limits[name])}`),
        );
      }
    }
  }
  return errors;
}

function validateProbe(probe: JsonObject | undefined, path: string): FieldError[] {
  if (probe === undefined) return [];
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((handler) => probe[handler] !== undefined);
  const errors: FieldError[] = [];
  if (handlers.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const handler of handlers.slice(1)) {
    errors.push(forbiddenField(`${path}.${handler}`, 'may not specify more than 1 handler type'));
  }
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']) {
    errors.push(...checkNotNegative(`${path}.${field}`, probe[field]));
  }
  return errors;
}

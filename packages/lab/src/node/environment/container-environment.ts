/**
 * Environment variables and command lines of containers, from what is known of pod, services, ConfigMaps and Secrets
 * (`pkg/kubelet/kubelet_pods.go`, makeEnvironmentVariables).
 *
 * Later ones come before earlier ones: services, `envFrom` in its order, `env` in its order. Since Kubernetes 1.34 every key
 * of a ConfigMap or Secret is a valid name of a variable.
 */
import type { Container, EnvVar, KubeObject } from '@weir/kube';
import { defaultPath } from '../../sandbox/runc-config.ts';
import { containerNamed, containerResource, type PodFacts, podField } from './pod-fields.ts';

/** A ConfigMap or Secret as the API tells it: a Secret's `data` and a ConfigMap's `binaryData` are base64. */
export interface KeyedObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** The kinds whose keys containers are given. */
export type KeyedKind = 'ConfigMap' | 'Secret';

/** What a variable is made of besides the container. */
export interface EnvironmentFacts extends PodFacts {
  readonly hostname: string;
  /** The home directory of the container's user. */
  readonly home: string;
  /** Variables about services. */
  readonly services: Readonly<Record<string, string>>;
  /** An object of the pod's namespace, when it is there. */
  readonly find: (kind: KeyedKind, name: string) => KeyedObject | undefined;
}

/** The container asks for something that is not there; the message is the reference's. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** What a container's variables refer to. */
export function environmentReferences(container: Container): readonly { readonly kind: KeyedKind; readonly name: string }[] {
  const all = [
    ...(container.envFrom ?? []).flatMap(({ configMapRef, secretRef }) => [
      { kind: 'ConfigMap' as const, name: configMapRef?.name },
      { kind: 'Secret' as const, name: secretRef?.name },
    ]),
    ...(container.env ?? []).flatMap(({ valueFrom }) => [
      { kind: 'ConfigMap' as const, name: valueFrom?.configMapKeyRef?.name },
      { kind: 'Secret' as const, name: valueFrom?.secretKeyRef?.name },
    ]),
  ];
  return all.flatMap(({ kind, name }) => (name === undefined || name === '' ? [] : [{ kind, name }]));
}

/** All variables of a container; throws an {@link EnvironmentError}. */
export function containerEnvironment(container: Container, facts: EnvironmentFacts): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    if (reference === undefined) continue;
    const kind = configMapRef === undefined ? 'Secret' : 'ConfigMap';
    const object = required(facts, { kind, name: reference.name ?? '', isOptional: reference.optional === true });
    for (const key of Object.keys(object?.data ?? {})) own[prefix + key] = valueOfKey(kind, object, key) ?? '';
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, { container, facts, known: { ...facts.services, ...own } });
    if (value !== undefined) own[variable.name] = value;
  }
  const usual: Record<string, string> = { PATH: defaultPath, HOSTNAME: facts.hostname, HOME: facts.home };
  if (container.tty === true) usual['TERM'] = 'xterm';
  return { ...usual, ...facts.services, ...own };
}

/** Replaces `$(NAME)` by the variable's value; `$$` is a dollar sign, unknown names stay as they are. */
export function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return name !== undefined && Object.hasOwn(environment, name) ? (environment[name] ?? whole) : whole;
  });
}

interface VariableScene {
  readonly container: Container;
  readonly facts: EnvironmentFacts;
  /** The variables that come before this one. */
  readonly known: Readonly<Record<string, string>>;
}

/** Undefined: an optional source has no value, and the variable is left out. */
function valueOf({ name, value, valueFrom }: EnvVar, { container, facts, known }: VariableScene): string | undefined {
  if (valueFrom === undefined) return expandVariables(value ?? '', known);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return defined(podField(fieldRef.fieldPath, facts), `unsupported fieldPath: ${fieldRef.fieldPath}`);
  if (resourceFieldRef !== undefined) {
    const meant = resourceFieldRef.containerName === undefined ? container : containerNamed(facts.pod, resourceFieldRef.containerName);
    return defined(containerResource(resourceFieldRef, meant, facts), `unsupported container resource : ${resourceFieldRef.resource}`);
  }
  const reference = configMapKeyRef ?? secretKeyRef;
  if (reference === undefined) throw new EnvironmentError(`the lab does not know where the value of ${name} comes from`);
  const kind = configMapKeyRef === undefined ? 'Secret' : 'ConfigMap';
  const isOptional = reference.optional === true;
  const object = required(facts, { kind, name: reference.name ?? '', isOptional });
  const found = valueOfKey(kind, object, reference.key);
  if (found !== undefined || isOptional) return found;
  throw new EnvironmentError(`couldn't find key ${reference.key} in ${kind} ${facts.pod.metadata.namespace ?? ''}/${reference.name ?? ''}`);
}

function defined(value: string | undefined, message: string): string {
  if (value === undefined) throw new EnvironmentError(message);
  return value;
}

function required(
  facts: EnvironmentFacts,
  { kind, name, isOptional }: { readonly kind: KeyedKind; readonly name: string; readonly isOptional: boolean },
): KeyedObject | undefined {
  const object = facts.find(kind, name);
  if (object === undefined && !isOptional) throw new EnvironmentError(`${kind.toLowerCase()} ${JSON.stringify(name)} not found`);
  return object;
}

function valueOfKey(kind: KeyedKind, object: KeyedObject | undefined, key: string): string | undefined {
  const data = object?.data ?? {};
  if (!Object.hasOwn(data, key)) return undefined;
  return kind === 'Secret' ? Buffer.from(data[key] ?? '', 'base64').toString('utf8') : data[key];
}

/** Environment variables and command lines of containers: literal values, the downward API, `$(NAME)`. */
import type { Container, EnvVar, Pod } from '@weir/kube';
import { defaultPath } from '../sandbox/runc-config.ts';

/** What the downward API needs to know besides the pod's object. */
export interface PodFacts {
  readonly pod: Pod;
  readonly hostname: string;
  readonly podAddresses: readonly string[];
  readonly hostAddresses: readonly string[];
}

/** All variables of a container, in the order in which they may refer to each other. */
export function containerEnvironment(container: Container, facts: PodFacts): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { PATH: defaultPath, HOSTNAME: facts.hostname, HOME: '/root' };
  if (container.tty === true) environment['TERM'] = 'xterm';
  for (const variable of container.env ?? []) environment[variable.name] = valueOf(variable, facts, environment);
  return environment;
}

/** Replaces `$(NAME)` by the variable's value; `$$` is a dollar sign, unknown names stay as they are. */
export function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return name !== undefined && Object.hasOwn(environment, name) ? (environment[name] ?? whole) : whole;
  });
}

function valueOf(variable: EnvVar, facts: PodFacts, environment: Readonly<Record<string, string>>): string {
  const path = variable.valueFrom?.fieldRef?.fieldPath;
  return path === undefined ? expandVariables(variable.value ?? '', environment) : fieldValue(path, facts);
}

/** The value of a field of the pod (core/v1 ObjectFieldSelector); the empty text for one that the API does not offer. */
function fieldValue(path: string, { pod, podAddresses, hostAddresses }: PodFacts): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return pod.metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? 'default';
    case 'status.hostIP':
      return hostAddresses[0] ?? '';
    case 'status.hostIPs':
      return hostAddresses.join(',');
    case 'status.podIP':
      return podAddresses[0] ?? '';
    case 'status.podIPs':
      return podAddresses.join(',');
    default:
      return '';
  }
}

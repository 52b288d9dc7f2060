/** What the containers of some pods declare, and the services in front of them; looked up once for each set of pods. */
import type { Container, Service } from '@weir/kube';
import { type Endpoint, podName } from '@weir/model';
import { addToGroup, isTransportName, type ProtocolNumber, transportNumber } from '@weir/net';
import type { LintContext } from './lint-context.ts';

/** One port that a container declares. */
interface DeclaredPort {
  readonly protocol: ProtocolNumber;
  readonly port: number;
}

/** The ports of some pods. */
export interface PodPorts {
  /** Each once. */
  readonly declared: readonly DeclaredPort[];
  /** Whether each of the pods declares some: those that containers declare bind nobody. */
  readonly isKnown: boolean;
  /** The services that select one of the pods. */
  readonly services: readonly Service[];
}

/** Answers once for each list, by the list itself: a selector always yields the same one. */
export function portsOfPods(context: LintContext, pods: readonly Endpoint[]): PodPorts {
  const known = context.once('ports of pods', () => new WeakMap<readonly Endpoint[], PodPorts>());
  let found = known.get(pods);
  if (found === undefined) known.set(pods, (found = findPorts(context, pods)));
  return found;
}

function findPorts(context: LintContext, pods: readonly Endpoint[]): PodPorts {
  const declared = new Map<string, DeclaredPort>();
  let isKnown = true;
  for (const pod of pods) {
    const own = declaredPorts(context, pod);
    if (own.length === 0) isKnown = false;
    for (const one of own) declared.set(`${one.protocol} ${one.port}`, one);
  }
  const services = new Set(pods.flatMap((pod) => servicesOfPod(context, pod)));
  return { declared: [...declared.values()], isKnown, services: [...services] };
}

function declaredPorts({ snapshot }: LintContext, pod: Endpoint): readonly DeclaredPort[] {
  const { containers = [], initContainers = [] } = snapshot.pods.get(podName(pod))?.spec ?? {};
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars].flatMap(portsOf);
}

function portsOf({ ports = [] }: Container): readonly DeclaredPort[] {
  return ports.flatMap(({ containerPort, protocol = 'TCP' }) =>
    isTransportName(protocol) ? [{ protocol: transportNumber(protocol), port: containerPort }] : [],
  );
}

/** The services whose selector the pod matches. */
export function servicesOfPod(context: LintContext, { namespace, labels }: Endpoint): readonly Service[] {
  const byNamespace = context.once('services by namespace', () => {
    const found = new Map<string, Service[]>();
    for (const service of context.snapshot.services) {
      const { namespace: of = 'default' } = service.metadata;
      addToGroup(found, of, service);
    }
    return found;
  });
  return (byNamespace.get(namespace) ?? []).filter(({ spec }) => {
    const wanted = Object.entries(spec?.selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels.pod[key] === value);
  });
}

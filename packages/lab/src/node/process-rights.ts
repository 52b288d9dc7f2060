/** Who a container's processes are and what they may: `securityContext` of pod and container (`pkg/securitycontext`). */
import type { Container, Pod } from '@weir/kube';
import { defaultCapabilities, type ProcessRights } from '../sandbox/runc-config.ts';

/** What the container asks for contradicts itself; the message is the reference's. */
export class RightsError extends Error {
  override readonly name = 'RightsError';
}

/** Capabilities that concern the pod's own network namespace and processes alone; others would reach the machine and are not given. */
const grantable = new Set([...defaultCapabilities, 'CAP_NET_ADMIN', 'CAP_NET_BROADCAST', 'CAP_SYS_PTRACE']);

/** Decides it; throws a {@link RightsError}. Images of the lab run as root unless told otherwise. */
export function processRights(pod: Pod, container: Container): ProcessRights {
  const ofPod = pod.spec?.securityContext;
  const own = container.securityContext;
  const user = own?.runAsUser ?? ofPod?.runAsUser;
  if ((own?.runAsNonRoot ?? ofPod?.runAsNonRoot) === true && (user ?? 0) === 0) {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
    throw new RightsError(
      user === undefined
        ? `container has runAsNonRoot and image will run as root ${where}`
        : `container's runAsUser breaks non-root policy ${where}`,
    );
  }
  return {
    user: processUser(pod, container),
    capabilities: capabilitiesOf(own?.capabilities),
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
  };
}

/** User and groups alone. */
export function processUser(pod: Pod, container: Container): ProcessRights['user'] {
  const ofPod = pod.spec?.securityContext;
  const own = container.securityContext;
  const groups = [...(ofPod?.supplementalGroups ?? []), ...(ofPod?.fsGroup === undefined ? [] : [ofPod.fsGroup])];
  return {
    uid: own?.runAsUser ?? ofPod?.runAsUser ?? 0,
    gid: own?.runAsGroup ?? ofPod?.runAsGroup ?? 0,
    ...(groups.length === 0 ? {} : { additionalGids: [...new Set(groups)] }),
  };
}

function capabilitiesOf(asked: NonNullable<Container['securityContext']>['capabilities']): readonly string[] {
  const named = (names: readonly string[] | undefined): ReadonlySet<string> =>
    new Set(
      (names ?? []).map((name) => name.toUpperCase()).map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`)),
    );
  const drop = named(asked?.drop);
  const add = named(asked?.add);
  const base = drop.has('ALL') ? [] : defaultCapabilities.filter((name) => !drop.has(name));
  const added = add.has('ALL') ? [...grantable].filter((name) => !drop.has(name)) : [...add].filter((name) => grantable.has(name));
  return [...new Set([...base, ...added])].sort();
}

/** The ports that pods serve, of which a rehearsal tries those that most serve. */
import { rehearsalPort } from '@weir/analyze';
import type { Snapshot } from '@weir/snapshot';

/** So many ports that are served are tried on each pair. */
export const servedPortsMax = 5;

/** A port that containers serve. */
export interface ServedPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Whether a container of the pod serves the port. */
export function servesPort({ pods }: Snapshot, pod: string, wanted: { readonly port: number; readonly protocol: string }): boolean {
  const ports = (pods.get(pod)?.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.some(({ containerPort, protocol = 'TCP' }) => containerPort === wanted.port && protocol === wanted.protocol);
}

/** What containers of the pods serve over TCP and UDP, those that most serve first. */
export function servedPorts({ pods }: Snapshot, ends: ReadonlySet<string>): ServedPort[] {
  const counts = new Map<string, { readonly served: ServedPort; count: number }>();
  for (const [name, pod] of pods) {
    if (!ends.has(name)) continue;
    for (const { containerPort: port, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)) {
      if (port === rehearsalPort || (protocol !== 'TCP' && protocol !== 'UDP')) continue;
      const key = `${port}/${protocol}`;
      const found = counts.get(key) ?? { served: { port, protocol }, count: 0 };
      counts.set(key, { ...found, count: found.count + 1 });
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ served }) => served);
}

/** core/v1 PodQOSClass from the resources of the containers. */
import type { Pod, Quantities } from '@weir/kube';

/** `BestEffort`, `Burstable` or `Guaranteed`. */
export function qosClass({ spec }: Pod): string {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(({ resources }) => resources ?? {});
  const named = (amounts: Quantities | undefined): readonly string[] => ['cpu', 'memory'].filter((name) => amounts?.[name] !== undefined);
  if (all.every(({ requests, limits }) => named(requests).length === 0 && named(limits).length === 0)) return 'BestEffort';
  const isGuaranteed = all.every(({ requests, limits }) =>
    ['cpu', 'memory'].every((name) => limits?.[name] !== undefined && (requests?.[name] ?? limits[name]) === limits[name]),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Pods: the service account and the priority that the real server's admission sets. */
import { ensureObject, type JsonObject, setDefault } from '@weir/kube';

/** Admits a new pod. */
export function admitPod(pod: JsonObject): JsonObject {
  const spec = ensureObject(pod, 'spec');
  setDefault(spec, 'serviceAccountName', 'default');
  spec['serviceAccount'] = spec['serviceAccountName'];
  setDefault(spec, 'priority', 0);
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  return pod;
}

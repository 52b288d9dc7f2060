/**
 * Which pods a node takes: whoever names a node passes the scheduler by, and a pod for another operating system has to
 * be refused here. The words are those of a kubelet.
 */
import type { Pod } from '@weir/kube';
import type { PodFailure } from './status/status-facts.ts';

const systemLabel = 'kubernetes.io/os';

/** Why the node does not take the pod; undefined when it does. */
export function podRefusal({ spec }: Pod, system: 'linux' | 'windows'): PodFailure | undefined {
  const selected = spec?.nodeSelector?.[systemLabel];
  if (selected !== undefined && selected !== system) {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: `Pod was rejected: Failed to admit pod as the \`${systemLabel}\` label doesn't match node label`,
    };
  }
  if (spec?.os !== undefined && spec.os.name !== system) {
    return { reason: 'PodOSNotSupported', message: "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS" };
  }
  return undefined;
}

/** Labels and taints that the nodes of a pool are to have: what Kubernetes takes, and what is not AKS's own. */
import { labelKeyProblems, labelValueProblems } from '@weir/kube';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import type { AgentPool } from './agent-pool.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
/** Labels of Kubernetes itself and of AKS. */
const reserved = /(^|\.)(kubernetes\.io|k8s\.io|azure\.com)\//;

/** Why they are refused; undefined when they are not. The texts are Weir's own. */
export function poolLabelsProblem({ nodeLabels, nodeTaints }: AgentPool): ArmError | undefined {
  for (const [key, value] of Object.entries(nodeLabels) as readonly (readonly [string, unknown])[]) {
    const problem = pairProblem(key, value);
    if (problem !== undefined) return invalid('agentPoolProfile.nodeLabels', `${key}=${String(value)}`, problem);
  }
  for (const taint of nodeTaints as readonly unknown[]) {
    const problem = taintProblem(taint);
    if (problem !== undefined) return invalid('agentPoolProfile.nodeTaints', String(taint), problem);
  }
  return undefined;
}

function taintProblem(taint: unknown): string | undefined {
  const match = typeof taint === 'string' ? /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(taint) : null;
  if (match === null) return 'a taint has the form key=value:Effect';
  const [, key = '', value = '', effect = ''] = match;
  return effects.includes(effect) ? pairProblem(key, value) : `an effect is one of ${effects.join(', ')}`;
}

function pairProblem(key: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a value is a text';
  if (reserved.test(key)) return 'labels of kubernetes.io, k8s.io and azure.com are not given by hand';
  return [...labelKeyProblems(key), ...labelValueProblems(value)].at(0);
}

function invalid(target: string, value: string, why: string): ArmError {
  return providerError(400, 'InvalidParameter', `The value of parameter ${target} is invalid: '${value.slice(0, 120)}': ${why}.`, {
    target,
  });
}

/** Whether a definition in a group of the community says who approved it (upstream's API approval controller). */
import { type JsonObject, objectAt, setCondition, stringMap, textAt } from '@weir/kube';

const annotation = 'api-approved.kubernetes.io';

/** Sets the condition KubernetesAPIApprovalPolicyConformant, which only definitions in such groups have; changes `definition`. */
export function settleApproval(definition: JsonObject, time: string): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(textAt(objectAt(definition, 'spec'), 'group'))) return;
  const approval = stringMap(objectAt(definition, 'metadata'), 'annotations')[annotation] ?? '';
  setCondition(definition, { type: 'KubernetesAPIApprovalPolicyConformant', lastTransitionTime: time, ...judge(approval) });
}

function judge(approval: string): JsonObject {
  if (approval.startsWith('unapproved')) {
    return { status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(approval)}` };
  }
  return { status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${approval}` };
}

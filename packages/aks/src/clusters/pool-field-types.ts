/** The types of a pool's fields, as AKS's API has them. The text of a refusal is Weir's own. */
import type { JsonObject } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';

type FieldType = 'number' | 'string' | 'boolean' | 'array' | 'object';

const fieldTypes: Readonly<Record<FieldType, string>> = {
  number: 'count minCount maxCount maxPods osDiskSizeGB spotMaxPrice',
  string: `vmSize osType osSKU mode orchestratorVersion osDiskType kubeletDiskType type scaleDownMode scaleSetPriority
    scaleSetEvictionPolicy vnetSubnetID podSubnetID`,
  boolean: 'enableAutoScaling enableNodePublicIP enableEncryptionAtHost enableUltraSSD enableFIPS',
  array: 'nodeTaints availabilityZones',
  object: 'nodeLabels tags upgradeSettings powerState securityProfile',
};

/** Throws 400 for a field of another type than AKS's: it would be taken for one that was left out. */
export function checkPoolTypes(properties: JsonObject): void {
  for (const [type, fields] of Object.entries(fieldTypes)) {
    for (const field of fields.split(/\s+/)) checkType(properties[field], { field, type });
  }
}

function checkType(value: unknown, { field, type }: { readonly field: string; readonly type: string }): void {
  if (value === undefined || value === null || typeOf(value) === type) return;
  const target = `agentPoolProfile.${field}`;
  const shown = (JSON.stringify(value) ?? '').slice(0, 80);
  throw providerError(400, 'InvalidParameter', `The value of parameter ${target} is invalid: ${shown} is not of type ${type}.`, { target });
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

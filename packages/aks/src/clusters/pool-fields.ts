/**
 * Fields of a pool that decide nothing in the lab by themselves, and are judged all the same: what AKS would refuse is
 * refused. Rules are those of AKS's documentation; the texts are Weir's own, in the shape of those that are known.
 */
import { isJsonObject, type JsonObject, numberAt, objectAt } from '@weir/kube';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import { tagsOf } from '../resources/tags.ts';
import type { AgentPool } from './agent-pool.ts';

const choices: Readonly<Record<string, readonly string[]>> = {
  osDiskType: ['Managed', 'Ephemeral'],
  kubeletDiskType: ['OS', 'Temporary'],
  type: ['VirtualMachineScaleSets', 'AvailabilitySet', 'VirtualMachines'],
  scaleDownMode: ['Delete', 'Deallocate'],
  scaleSetPriority: ['Regular', 'Spot'],
  scaleSetEvictionPolicy: ['Delete', 'Deallocate'],
};
/** `Standard_DS2_v2`: a family, a number, and what the size has besides. */
const sizeForm = /^(standard|basic)_[a-z]+\d+[\w-]*$/i;
const diskGb = { min: 30, max: 2_048 };
const zones = ['1', '2', '3'];
const drainMinutesMax = 1_440;
const soakMinutesMax = 30;

/** Why a pool is refused; undefined when it is not. */
export function poolFieldsProblem({ vmSize, more }: AgentPool): ArmError | undefined {
  if (!sizeForm.test(vmSize)) return invalid('vmSize', vmSize, 'A size has the form Standard_DS2_v2.');
  for (const [field, allowed] of Object.entries(choices)) {
    const value = more[field];
    if (value !== undefined && !allowed.some((each) => each === value))
      return invalid(field, value, `Allowed values: ${allowed.join(', ')}.`);
  }
  const disk = numberAt(more, 'osDiskSizeGB');
  if (disk !== undefined && !isWithin(disk, diskGb.min, diskGb.max)) {
    return invalid('osDiskSizeGB', disk, `It must be between ${diskGb.min} and ${diskGb.max}, or 0 for the default.`);
  }
  const zone = ((more['availabilityZones'] ?? []) as readonly unknown[]).find((each) => !zones.includes(String(each)));
  if (zone !== undefined) return invalid('availabilityZones', zone, `Allowed values: ${zones.join(', ')}.`);
  const price = numberAt(more, 'spotMaxPrice');
  if (price !== undefined && price !== -1 && price <= 0) return invalid('spotMaxPrice', price, 'It is above 0, or -1 for no limit.');
  tagsOf(more);
  return upgradeProblem(objectAt(more, 'upgradeSettings') ?? {});
}

/** A number of nodes, or a share of them of at most all. */
const countOrShare = /^(\d+|([1-9]\d?|100)%)$/;

function upgradeProblem(settings: JsonObject): ArmError | undefined {
  for (const field of ['maxSurge', 'maxUnavailable']) {
    const value = settings[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string' || !countOrShare.test(value)) {
      return invalid(`upgradeSettings.${field}`, value, 'It is a number of nodes or a share from 1% to 100%, as a text.');
    }
  }
  if (settings['maxSurge'] === '0' && ['0', '', null, undefined].some((none) => none === settings['maxUnavailable'])) {
    return invalid('upgradeSettings.maxSurge', '0', 'maxSurge and maxUnavailable are not both 0: no node could be replaced.');
  }
  const minutes: readonly (readonly [string, number, number])[] = [
    ['drainTimeoutInMinutes', 1, drainMinutesMax],
    ['nodeSoakDurationInMinutes', 0, soakMinutesMax],
  ];
  for (const [field, min, max] of minutes) {
    const value = settings[field];
    if (value === undefined || value === null || (typeof value === 'number' && isWithin(value, min, max))) continue;
    return invalid(`upgradeSettings.${field}`, value, `It must be between ${min} and ${max}.`);
  }
  return undefined;
}

function isWithin(number: number, min: number, max: number): boolean {
  return Number.isInteger(number) && number >= min && number <= max;
}

function invalid(field: string, value: unknown, rule: string): ArmError {
  const target = `agentPoolProfile.${field}`;
  const shown = isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
  return providerError(400, 'InvalidParameter', `The value of parameter ${target} is invalid: '${shown.slice(0, 120)}'. ${rule}`, {
    target,
  });
}

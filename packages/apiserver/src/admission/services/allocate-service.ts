/**
 * What the server adds to a service: families, cluster addresses and node ports.
 *
 * What is in use is read from the stored services inside the write transaction, so there is no second
 * book that could disagree with them.
 */
import { ensureObject, type FieldError, groupResource, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from '@weir/kube';
import { invalid } from '../../errors/api-error.ts';
import type { StoreTransaction } from '../../storage/object-store.ts';
import { allocateAddresses, clearAddresses, keepAddresses } from './service-addresses.ts';
import { allocateHealthCheckPort, allocateNodePorts, nodePortKey } from './service-node-ports.ts';
import { dropFieldsOfOldType } from './service-type.ts';

const servicesResource = groupResource({ group: '', plural: 'services' });

/** What the allocation must know. */
export interface ServiceAllocation {
  readonly transaction: StoreTransaction;
  /** The primary family first. */
  readonly serviceCidrs: readonly string[];
  /** The state before, on an update. */
  readonly old: Readonly<JsonObject> | undefined;
}

/** Gives a service its families, addresses and node ports; changes it. Throws 422 when that cannot be. */
export function allocateService(service: JsonObject, allocation: ServiceAllocation): JsonObject {
  const spec = ensureObject(service, 'spec');
  const before = objectAt(allocation.old, 'spec');
  if (before !== undefined) dropFieldsOfOldType(spec, before);
  const used = usedBy(allocation.transaction, textAt(objectAt(service, 'metadata'), 'uid'));
  const errors: FieldError[] = [];
  if (textAt(spec, 'type') === 'ExternalName') clearAddresses(spec);
  else {
    if (before !== undefined) keepAddresses(spec, before);
    errors.push(...allocateAddresses(spec, allocation.serviceCidrs, used.addresses));
  }
  errors.push(...allocateNodePorts(spec, before, used.nodePorts), ...allocateHealthCheckPort(spec, before, used.nodePorts));
  if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, textAt(objectAt(service, 'metadata'), 'name'), errors);
  return service;
}

interface Used {
  readonly addresses: Set<string>;
  /** `protocol/port`. */
  readonly nodePorts: Set<string>;
}

function usedBy(transaction: StoreTransaction, exceptUid: string): Used {
  const used: Used = { addresses: new Set(), nodePorts: new Set() };
  for (const { object } of transaction.list({ resource: servicesResource })) {
    if (textAt(objectAt(object.json, 'metadata'), 'uid') === exceptUid) continue;
    const spec = objectAt(object.json, 'spec');
    for (const address of listAt(spec, 'clusterIPs')) used.addresses.add(String(address));
    for (const port of objectsAt(spec, 'ports')) used.nodePorts.add(nodePortKey(textAt(port, 'protocol'), numberAt(port, 'nodePort') ?? 0));
    used.nodePorts.add(nodePortKey('TCP', numberAt(spec, 'healthCheckNodePort') ?? 0));
  }
  return used;
}

/** Changes of services, put together for people: by service, with reasons, groups of ends and examples. */

import { EndDescriber } from '@weir/connectivity';
import { type EngineName, engineProfiles, type FlowEnd, podName } from '@weir/model';
import { addToGroup, formatAddress } from '@weir/net';
import { podKey } from '@weir/snapshot';
import { type ChangeReason, migrationTitles } from './change-causes.ts';
import { type ChangedObject, type MeaningChange, verdictsOf } from './migration-report.ts';
import { examplePair, type ServiceChange } from './service-changes.ts';

/** The services that change, by namespace and name. */
export function changedServices(
  changes: readonly ServiceChange[],
  engines: { readonly from: EngineName; readonly to: EngineName },
): ChangedObject[] {
  const objects = new Map<string, MeaningChange[]>();
  for (const change of changes) {
    const key = podKey(change.service);
    addToGroup(objects, key, tell(change, engines));
  }
  return [...objects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, told]) => {
      const [namespace = '', name = ''] = key.split('/');
      return { kind: 'Service', namespace, name, changes: told };
    });
}

function tell(change: ServiceChange, engines: { readonly from: EngineName; readonly to: EngineName }): MeaningChange {
  const { comparison, sources, backends, protocol, port } = change;
  const { classes, family } = comparison.ends;
  const describer = new EndDescriber(comparison.ends, new Map());
  const example = examplePair(change);
  const pairs =
    backends.reduce((sum, at) => sum + (classes[at]?.ends.length ?? 0), 0) *
    sources.reduce((sum, at) => sum + (classes[at]?.ends.length ?? 0), 0);
  const group = {
    sources: describer.describe(sources),
    destinations: describer.describe(backends),
    traffic: `${protocol} ${port}`,
    pairs,
    ...(example === undefined ? {} : { example: { source: nameOf(example[0]), destination: nameOf(example[1]), protocol, port } }),
  };
  return { ...reasonOf(change, engines), change: change.change, ...verdictsOf(change.change), family, pairs, flows: [group], omitted: 0 };
}

function reasonOf({ change, clients }: ServiceChange, { from, to }: { readonly from: EngineName; readonly to: EngineName }): ChangeReason {
  const [allowing, denying] = change === 'lost' ? [from, to] : [to, from];
  if (clients === 'outside' && engineProfiles[allowing].nodePortBypassesIngress) {
    return {
      cause: 'NodePort',
      field: 'spec.externalTrafficPolicy',
      sentence: `with ${migrationTitles[allowing]} what a node translates goes past the policies of its pods, with ${migrationTitles[denying]} they judge it`,
    };
  }
  return {
    cause: clients === 'nodes' ? 'ipBlock over nodes' : 'other',
    sentence: `a node hands on what came to it with its own address, which ${migrationTitles[allowing]} lets in and ${migrationTitles[denying]} does not`,
  };
}

function nameOf(end: FlowEnd): string {
  if (end.kind === 'endpoint') return podName(end.endpoint);
  return end.kind === 'node' ? `node ${end.node.name}` : formatAddress(end.address);
}

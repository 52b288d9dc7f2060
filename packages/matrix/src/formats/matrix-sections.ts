/** The rows of a matrix in the order in which people want to see them: between pods, from and to outside, nodes. */

import { listed } from '@weir/snapshot';
import type { EntryPoint, MatrixConnection, MatrixEnd, MatrixReport, ServiceReach } from '../matrix-report.ts';
import { familyText, tellsFamilies } from './family-text.ts';

/** Rows under a title. */
export interface MatrixSection<T extends MatrixConnection = MatrixConnection> {
  readonly title: string;
  readonly rows: readonly T[];
}

/** The sections that have rows. */
export function matrixSections({ ends, connections }: MatrixReport): MatrixSection[] {
  const kindOf = new Map(ends.map(({ name, kind }) => [name, kind]));
  const between = (...kinds: readonly (readonly [MatrixEnd['kind'], MatrixEnd['kind']])[]): MatrixConnection[] =>
    connections.filter(({ from, to }) => kinds.some(([source, target]) => kindOf.get(from) === source && kindOf.get(to) === target));
  return [
    { title: 'Between pods', rows: between(['pods', 'pods']) },
    { title: 'From outside of the cluster', rows: between(['outside', 'pods']) },
    { title: 'To the outside of the cluster', rows: between(['pods', 'outside']) },
    {
      title: "From and to nodes and pods on the host's network",
      rows: between(['nodes', 'pods'], ['pods', 'nodes'], ['nodes', 'nodes'], ['nodes', 'outside'], ['outside', 'nodes']),
    },
  ].filter(({ rows }) => rows.length > 0);
}

/** The section of pods that are not among the objects; none where nobody asked. */
export function exposureSections({ exposure }: MatrixReport): MatrixSection[] {
  if (exposure === undefined || exposure.connections.length === 0) return [];
  return [{ title: 'Pods that are not among the objects (in brackets)', rows: exposure.connections }];
}

/** `shop/web 80/TCP`. */
export function serviceText({ service, port, protocol }: ServiceReach): string {
  return `${service} ${port}/${protocol}`;
}

/** `shop/web 80/TCP`, with its family where the services of the report differ in that. */
export function serviceTextIn({ services }: MatrixReport): (service: ServiceReach) => string {
  const shows = tellsFamilies(services);
  return (service) => `${serviceText(service)}${shows ? ` (${familyText(service.families)})` : ''}`;
}

/** As {@link entryTargetText}, with the family where the services of the report differ in that. */
export function entryTargetTextIn({ services }: MatrixReport): (entry: EntryPoint) => string {
  const shows = tellsFamilies(services);
  return (entry) => `${entryTargetText(entry)}${shows && entry.families.length > 0 ? ` (${familyText(entry.families)})` : ''}`;
}

/** The backends with their ports, `shop/web 8080`. */
export function backendsText({ backends }: ServiceReach): string {
  return backends.length === 0 ? 'no pod' : backends.map(({ members, port }) => `${members} ${port}`).join(', ');
}

/** From where a service is reached; what reaches a part of its backends, or perhaps, is told as such. */
export function clientsText({ reachedFrom, partlyFrom, perhapsFrom }: ServiceReach): string {
  const parts = [
    ...(reachedFrom.length === 0 ? [] : [reachedFrom.join(', ')]),
    ...(partlyFrom.length === 0 ? [] : [`not all of its backends from ${partlyFrom.join(', ')}`]),
    ...(perhapsFrom.length === 0 ? [] : [`not known from ${perhapsFrom.join(', ')}`]),
  ];
  return parts.length === 0 ? 'nowhere' : parts.join('; ');
}

/** `Ingress shop/web (shop.example/cart)`. */
export function entryText({ kind, name, hosts, path = '' }: EntryPoint): string {
  const where = hosts.length === 0 ? path : hosts.map((host) => `${host}${path}`).join(', ');
  return `${kind} ${name}${where === '' ? '' : ` (${where})`}`;
}

/** `service shop/web 80/TCP`. */
export function entryTargetText({ service, port, protocol }: EntryPoint): string {
  return `service ${service}${port === undefined ? '' : ` ${port}/${protocol}`}`;
}

/** The ends that are let in. */
export function admittedText({ admitted }: EntryPoint): string {
  return admitted.length === 0 ? 'nobody' : admitted.join(', ');
}

/** What holds beside the rows, one sentence each. */
export function matrixNotes({ summary, hostPods, ends }: MatrixReport): string[] {
  const nodes = ends.some(({ kind }) => kind === 'nodes');
  const homeless = hostPods.filter(({ node }) => node === undefined).map(({ pod }) => pod);
  const placed = hostPods.filter(({ node }) => node !== undefined).map(({ pod, node }) => `${pod} (${node ?? ''})`);
  return [
    'what is not listed is denied; a pod always reaches itself, and a node always reaches the pods that run on it',
    ...(summary.unresolvedNames.length === 0
      ? []
      : [`connections to names that nobody resolved are not listed, and policies allow some: ${listed(summary.unresolvedNames)}`]),
    ...(summary.podsReachOwnNode ? ['pods always reach the node that they run on'] : []),
    ...(placed.length === 0 ? [] : [`on the host's network, with the address of their node and without policies: ${placed.join(', ')}`]),
    ...(homeless.length === 0
      ? []
      : [
          `on the host's network of a node that is not known, so ${nodes ? 'they may be any of the nodes' : 'what they reach is not shown'}: ${homeless.join(', ')}`,
        ]),
  ];
}

/** `3 pods in 2 classes, 4 connections, 1 not known`. */
export function summaryText({ summary: { pods, classes, connections, unknown } }: MatrixReport): string {
  const count = (number: number, noun: string, plural = `${noun}s`): string => `${number} ${number === 1 ? noun : plural}`;
  const rest = unknown === 0 ? '' : `, ${unknown} not known`;
  return `${count(pods, 'pod')} in ${count(classes, 'class', 'classes')}, ${count(connections, 'connection')}${rest}`;
}

/**
 * A host endpoint: interfaces of a node as policies see them.
 *
 * Selectors of policies that apply to hosts are asked about its labels, which are in the space of pods' labels; it is in no
 * namespace and has no service account, so that whatever asks for one does not select it.
 */
import type { Address } from '@weir/net';
import type { LabelsBySpace, NamedPort } from './endpoint.ts';

/**
 * Which interfaces: all that do not lead to pods (before translation and for what is forwarded, those too), the one of this
 * name, or those that have one of the endpoint's addresses. One that names an interface comes before one for all.
 */
export type HostInterfaces = 'all' | 'by address' | { readonly name: string };

/** Interfaces of one node, with what is true of them together. */
export interface HostEndpoint {
  readonly uid: string;
  readonly name: string;
  readonly node: string;
  readonly interfaces: HostInterfaces;
  /** Those that the interfaces are expected to have; empty where nobody said. */
  readonly addresses: readonly Address[];
  readonly labels: LabelsBySpace;
  readonly namedPorts: readonly NamedPort[];
  /** What becomes of the node's own traffic that no policy decides. */
  readonly otherwise: 'allow' | 'deny';
}

/** The host endpoints that this node itself is, for APIs that know no objects for them. */
import type { PolicyCompiler } from '@weir/compile';
import type { Node } from '@weir/kube';
import type { EngineProfile, HostEndpoint } from '@weir/model';
import type { HostEndpoints } from './host-endpoints.ts';

/** Follows one node. */
export class OwnNodeHosts {
  readonly #compilers: readonly PolicyCompiler[];
  readonly #profile: EngineProfile;
  readonly #endpoints: HostEndpoints;
  #hosts: readonly HostEndpoint[] = [];

  constructor(compilers: readonly PolicyCompiler[], profile: EngineProfile, endpoints: HostEndpoints) {
    this.#compilers = compilers;
    this.#profile = profile;
    this.#endpoints = endpoints;
  }

  /** The node appeared or changed; it reports every few seconds, and says the same. */
  upsert(node: Node): void {
    const hosts = this.#compilers.flatMap((compiler) => compiler.hostOfNode?.(node, this.#profile) ?? []);
    if (JSON.stringify(hosts) === JSON.stringify(this.#hosts)) return;
    this.#replace(hosts);
  }

  /** The node is gone. */
  delete(): void {
    this.#replace([]);
  }

  #replace(hosts: readonly HostEndpoint[]): void {
    this.#endpoints.drop(this.#hosts);
    this.#hosts = hosts;
    this.#endpoints.enter(hosts);
  }
}

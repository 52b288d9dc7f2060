/** Host endpoints of this node, in one place: who they are, what holds for all of them, and what deltas say of them. */
import type { PolicyCompiler } from '@weir/compile';
import type { EngineProfile } from '@weir/model';
import type { Delta } from '../delta/delta.ts';
import type { Policies } from '../policies/policies.ts';
import type { Programs } from '../programs/programs.ts';
import { HostEndpoints } from './host-endpoints.ts';
import { NodeHostSettings } from './host-settings.ts';
import { HostSubjects } from './host-subjects.ts';
import { OwnNodeHosts } from './own-node-hosts.ts';

/** What host endpoints are made with. */
export interface HostsOptions {
  readonly node: string;
  readonly profile: EngineProfile;
  readonly compilers: readonly PolicyCompiler[];
  readonly policies: Policies;
  readonly programs: Programs;
}

/** All of them. */
export class Hosts {
  readonly endpoints: HostEndpoints;
  readonly settings: NodeHostSettings;
  readonly ownNode: OwnNodeHosts;
  readonly subjects: HostSubjects;

  constructor({ node, profile, compilers, policies, programs }: HostsOptions) {
    this.endpoints = new HostEndpoints(node);
    this.settings = new NodeHostSettings(profile.hosts, node);
    this.ownNode = new OwnNodeHosts(compilers, profile, this.endpoints);
    this.subjects = new HostSubjects({ endpoints: this.endpoints, policies, programs });
  }

  /** How many there are; those that have interfaces count twice. */
  get size(): number {
    return this.endpoints.size + this.subjects.size;
  }

  /** What a flush says of them. */
  settle(): Pick<Delta, 'hosts' | 'hostSettings'> {
    const hosts = this.subjects.settle();
    const hostSettings = this.settings.settle(hosts.upserts.length > 0);
    return { hosts, ...(hostSettings === undefined ? {} : { hostSettings }) };
  }

  /** What has been said of them up to the last flush. */
  emitted(): Pick<Delta, 'hosts' | 'hostSettings'> {
    const { emitted } = this.settings;
    return { hosts: { upserts: [...this.subjects.emitted], removals: [] }, ...(emitted === undefined ? {} : { hostSettings: emitted }) };
  }
}

/** Which objects of policy APIs are about endpoints of this node: as policies that select some, or as host endpoints. */
import type { LocalPolicy } from '../engine-shapes.ts';
import type { PolicySource } from '../entries.ts';
import type { HostSubjects } from '../hosts/host-subjects.ts';
import type { Policies } from './policies.ts';
import type { PolicyObjects } from './policy-objects.ts';
import type { Subjects } from './subjects.ts';

/** Who knows of them. */
export interface LocalPolicyParts {
  readonly policies: Policies;
  readonly subjects: Subjects;
  readonly objects: PolicyObjects;
  readonly hosts: HostSubjects;
}

/** All of them, as of the last flush. */
export function localPoliciesOf({ policies, subjects, objects, hosts }: LocalPolicyParts): readonly LocalPolicy[] {
  const selecting = subjects.localPolicies().map(({ entry, endpoints }): LocalPolicy => {
    return { policy: policies.policyOf(entry).ref, ...told(entry.source), endpoints };
  });
  const own = [...objects.hostObjects()].map(({ policy, source, hosts: uids }): LocalPolicy => {
    return { policy, ...told(source), endpoints: uids.filter((uid) => hosts.has(uid)).length, hosts: uids };
  });
  return [...selecting, ...own.filter(({ endpoints }) => endpoints > 0)];
}

function told({ uid, generation }: PolicySource): Pick<LocalPolicy, 'uid' | 'generation'> {
  return { uid, ...(generation === undefined ? {} : { generation }) };
}

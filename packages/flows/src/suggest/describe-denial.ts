/** Who denies a flow, in words. */
import { type DirectionVerdict, describeOrigin, describePlace, describePolicy, type FlowVerdict } from '@weir/model';

/** For example `egress: no rule; isolated by NetworkPolicy shop/web (web.yaml:3)`. */
export function describeDenial({ egress, ingress, hosts }: FlowVerdict): string {
  const parts = [
    ...denial('egress', egress),
    ...denial('ingress', ingress),
    ...hosts.flatMap((host) => denial(`host endpoint ${host.host?.name ?? ''} of node ${host.node}`, host)),
  ];
  return parts.join('; ');
}

function denial(where: string, { verdict, decidedBy, isolatedBy }: DirectionVerdict): string[] {
  if (verdict !== 'deny') return [];
  if (decidedBy?.reason === 'rule') {
    const { origin } = decidedBy.rule;
    return [`${where}: ${describePolicy(origin.policy)} ${describeOrigin(origin)}${describePlace(origin.source)} denies it`];
  }
  const isolating = isolatedBy.map(({ policy, source }) => `${describePolicy(policy)}${describePlace(source)}`);
  return [`${where}: no rule allows it${isolating.length === 0 ? '' : `, and it is isolated by ${isolating.join(', ')}`}`];
}

/** A pod's network namespace on the network of its node: a routed veth pair, as the lab makes them. */
import { execFileSync } from 'node:child_process';
import { setNetSysctls } from '@weir/kernel';

const gateway = '169.254.1.1';
const gatewayMac = 'ee:ee:ee:ee:ee:ee';
/** The link-local address that the node's ends have of that. */
const gateway6 = 'fe80::ecee:eeff:feee:eeee';

/** A pod with its link. */
export interface TestPod {
  readonly name: string;
  readonly uid: string;
  readonly netns: string;
  readonly interface: string;
  readonly address: string;
  readonly address6: string;
}

/** Runs `ip` in a namespace. */
export function ip(netns: string, ...commands: readonly string[]): void {
  for (const command of commands) execFileSync('ip', ['-n', netns, ...command.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Hangs the pod's namespace on its node; who had its addresses there has lost the way to them. */
export function linkPod(node: string, { netns, interface: link, address, address6 }: TestPod): void {
  setNetSysctls(netns, { 'ipv6/conf/default/accept_dad': '0' });
  ip(node, `link add ${link} address ${gatewayMac} type veth peer name eth0 netns ${netns}`, `link set ${link} up`);
  ip(netns, `addr add ${address}/32 dev eth0`, 'link set eth0 up');
  ip(node, `route replace ${address}/32 dev ${link}`, `-6 route replace ${address6}/128 dev ${link}`);
  ip(netns, `route add ${gateway} dev eth0 scope link`, `neigh add ${gateway} lladdr ${gatewayMac} dev eth0 nud permanent`);
  ip(netns, `route add default via ${gateway}`, `addr add ${address6}/128 dev eth0`, `-6 route add default via ${gateway6} dev eth0`);
}

/** Takes the pod off its node; its namespace stays. */
export function unlinkPod(node: string, { interface: link }: TestPod): void {
  ip(node, `link del ${link}`);
}

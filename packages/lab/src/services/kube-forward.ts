/**
 * The chain with which kube-proxy, where it works with iptables, lets forwarded service traffic through:
 * what is to be masqueraded carries a mark, and `KUBE-FORWARD` accepts it for good. Rules behind that
 * chain never see such packets: that is how NodePort traffic with `externalTrafficPolicy: Cluster` goes
 * past Azure NPM, which stands there by default.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runWithInput } from '../run-with-input.ts';

const run = promisify(execFile);

/** kube-proxy's mark of packets that are to be masqueraded; nobody else may use the bit. */
export const masqueradeMark = '0x4000';

/** For `iptables-restore --noflush`, where the chain is not there yet. */
export function renderKubeForward(): string {
  return [
    '*filter',
    ':KUBE-FORWARD - [0:0]',
    `-A KUBE-FORWARD -m mark --mark ${masqueradeMark}/${masqueradeMark} -j ACCEPT`,
    '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-I FORWARD -j KUBE-FORWARD',
    'COMMIT',
    '',
  ].join('\n');
}

/** Makes it in the namespace of this process, for both families, unless it is there. */
export async function ensureKubeForward(): Promise<void> {
  for (const program of ['iptables-nft', 'ip6tables-nft']) {
    const isThere = await run(program, ['-w', '-C', 'FORWARD', '-j', 'KUBE-FORWARD']).then(
      () => true,
      () => false,
    );
    if (!isThere) await runWithInput([`${program}-restore`, '--noflush', '-w'], renderKubeForward());
  }
}

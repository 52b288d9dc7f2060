/** The back end that the settings ask for: one line each. */
import {
  createEbpfDataplane,
  createHnsDataplane,
  createIptablesDataplane,
  createNftablesDataplane,
  type Dataplane,
  ebpfUnsupportedReason,
  hasIptables,
  openSocketHnsDoor,
} from '@weir/dataplane';
import { openWindowsHnsDoor } from '@weir/kernel';
import { chooseDataplane, engineProfiles } from '@weir/model';
import { errorFields, type Logger } from '../log/log.ts';
import type { AgentSettings } from '../settings/agent-settings.ts';
import { hostSystem } from '../settings/host-system.ts';

/** Opens it in the current network namespace; nothing changes before its first delta. Throws when it cannot do what the settings say. */
export function openDataplane(settings: AgentSettings, log: Logger): Dataplane {
  const chosen = chooseDataplane({ engine: settings.profile, system: hostSystem(), dataplane: settings.dataplane });
  if ('problem' in chosen) throw new Error(chosen.problem);
  const { podReachesOwnNode, establishedFlows } = engineProfiles[settings.profile];
  const options = {
    podInterfaces: settings.podInterfaces,
    flowRate: settings.flowLog === undefined ? undefined : settings.flowRate,
    established: settings.established ?? establishedFlows,
    podToOwnNode: podReachesOwnNode.includes('linux') ? ('always' as const) : ('by-policy' as const),
    onReplace: (reason: Error) => log.warn(errorFields(reason), 'a change failed; everything was put into force anew, without a gap'),
  };
  switch (chosen.name) {
    case 'nftables':
      return createNftablesDataplane(options);
    case 'iptables':
      return createIptablesDataplane({ ...options, position: iptablesPosition(settings, log), flavour: settings.iptablesFlavour });
    case 'ebpf':
      return createEbpfDataplane(options);
    case 'hns':
      checkHns(settings);
      log.info('HNS counts no packets and tells of no connections: packet counters stay at 0, and connections that exist are kept');
      return openHns(settings);
    default:
      return chosen.name satisfies never;
  }
}

/** A place that lets traffic go past policies is told of, whoever chose it. */
function iptablesPosition({ profile, iptablesPosition: asked }: AgentSettings, log: Logger): 'first' | 'after-kube-proxy' {
  const position = asked ?? (engineProfiles[profile].nodePortBypassesIngress ? 'after-kube-proxy' : 'first');
  if (position === 'after-kube-proxy')
    log.warn(
      { profile },
      'its rules stand behind those of kube-proxy: what that accepts (NodePort and load balancers with externalTrafficPolicy: Cluster) is not judged; --iptables-position first judges it',
    );
  return position;
}

/** HNS lacks what these settings ask for. */
function checkHns({ established, flowLog }: AgentSettings): void {
  if (established === 'cut') throw new Error('HNS has no call that ends connections: on Windows nodes leave out --established cut');
  if (flowLog !== undefined) throw new Error('HNS does not tell of connections: on Windows nodes leave out --flow-log');
}

/** Every back end of Linux that can have left something on this machine, to take it away. */
export async function openKernelDataplanes(): Promise<Dataplane[]> {
  const options = { podInterfaces: [] };
  const dataplanes: Dataplane[] = [createNftablesDataplane(options)];
  // Where its programs are not installed, nothing of Weir's can be there.
  if (await hasIptables()) dataplanes.push(createIptablesDataplane(options));
  if (ebpfUnsupportedReason() === undefined) dataplanes.push(createEbpfDataplane(options));
  return dataplanes;
}

/** The back end for HNS: that of this Windows node, or an emulated one. */
export function openHns(settings: Pick<AgentSettings, 'hnsSocket'> & Partial<AgentSettings>): Dataplane {
  const { hnsSocket, windowsExpandUnsupported = false } = settings;
  if (hnsSocket === undefined && process.platform !== 'win32') {
    throw new Error('HNS is a part of Windows: on this node use another --dataplane, or give the --hns-socket of an emulated HNS');
  }
  return createHnsDataplane({
    door: hnsSocket === undefined ? openWindowsHnsDoor() : openSocketHnsDoor(hnsSocket),
    expandUnsupported: windowsExpandUnsupported,
  });
}

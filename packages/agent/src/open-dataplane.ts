/** The back end that the settings ask for: one line each. */
import { createHnsDataplane, createNftablesDataplane, type Dataplane, openSocketHnsDoor } from '@weir/dataplane';
import { openWindowsHnsDoor } from '@weir/kernel';
import { engineProfiles } from '@weir/policy';
import { errorFields, type Logger } from './log.ts';
import type { AgentSettings } from './settings/agent-settings.ts';

/** Opens it in the current network namespace; nothing changes before its first delta. Throws when it cannot do what the settings say. */
export function openDataplane(settings: AgentSettings, log: Logger): Dataplane {
  switch (settings.dataplane) {
    case 'nftables':
      return createNftablesDataplane({
        podInterfaces: settings.podInterfaces,
        flowRate: settings.flowLog === undefined ? undefined : settings.flowRate,
        established: settings.established ?? engineProfiles[settings.profile].establishedFlows,
        onReplace: (reason) => log.warn(errorFields(reason), 'a transaction failed; the whole table was replaced, without a gap'),
      });
    case 'hns':
      checkHns(settings);
      return openHns(settings);
    default:
      return settings.dataplane satisfies never;
  }
}

/** HNS lacks what these settings ask for. */
function checkHns({ established, flowLog }: AgentSettings): void {
  if (established === 'cut') throw new Error('HNS has no call that ends connections: on Windows nodes leave out --established cut');
  if (flowLog !== undefined) throw new Error('HNS does not tell of connections: on Windows nodes leave out --flow-log');
}

/** The back end for HNS: that of this Windows node, or an emulated one. */
export function openHns(settings: Pick<AgentSettings, 'hnsSocket'> & Partial<AgentSettings>): Dataplane {
  const { hnsSocket, windowsExpandUnsupported = false } = settings;
  return createHnsDataplane({
    door: hnsSocket === undefined ? openWindowsHnsDoor() : openSocketHnsDoor(hnsSocket),
    expandUnsupported: windowsExpandUnsupported,
  });
}

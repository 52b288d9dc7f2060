/** What must hold between settings; what each may be on its own is in the table. */
import { chooseDataplane } from '@weir/model';
import type { AgentSettings, SettingKey } from './agent-settings.ts';
import { hostSystem } from './host-system.ts';
import { isLoopback, writeListenAddress } from './listen-address.ts';

/** A condition on several settings; it is asked only when each of them could be read. */
export interface SettingCheck {
  readonly of: readonly SettingKey[];
  /** What is wrong, with the setting that has to change. */
  problem(settings: AgentSettings): { readonly key: SettingKey; readonly text: string } | undefined;
}

/** All conditions. */
export const settingChecks: readonly SettingCheck[] = [
  {
    of: ['profile', 'dataplane'],
    problem: ({ profile, dataplane }) => {
      const choice = chooseDataplane({ engine: profile, system: hostSystem(), dataplane });
      return 'problem' in choice ? { key: dataplane === undefined ? 'profile' : 'dataplane', text: choice.problem } : undefined;
    },
  },
  {
    of: ['metricsTlsCert', 'metricsTlsKey'],
    problem: ({ metricsTlsCert, metricsTlsKey }) => {
      if ((metricsTlsCert === undefined) === (metricsTlsKey === undefined)) return undefined;
      const key = metricsTlsCert === undefined ? 'metricsTlsKey' : 'metricsTlsCert';
      return { key, text: 'certificate and key belong together: give both --metrics-tls-cert and --metrics-tls-key' };
    },
  },
  {
    of: ['metricsAddress', 'metricsTlsCert', 'metricsTlsKey', 'metricsTokenFile'],
    problem: ({ metricsAddress, metricsTlsCert, metricsTlsKey, metricsTokenFile }) => {
      if (metricsAddress === 'none' || isLoopback(metricsAddress.address)) return undefined;
      if (metricsTlsCert !== undefined && metricsTlsKey !== undefined && metricsTokenFile !== undefined) return undefined;
      const where = writeListenAddress(metricsAddress);
      const advice = 'give --metrics-tls-cert, --metrics-tls-key and --metrics-token-file, or an address of loopback';
      return { key: 'metricsAddress', text: `others can reach ${where}, so it needs TLS and a token: ${advice}` };
    },
  },
];

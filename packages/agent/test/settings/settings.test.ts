/** What an agent can be told: by flags, by the environment, by a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SettingKey } from '../../src/settings/agent-settings.ts';
import { resolveSettings, type SettingSources, SettingsError } from '../../src/settings/resolve-settings.ts';
import { settingsReference, shownSettings } from '../../src/settings/show-settings.ts';

const needed = { node: 'n1', kubeconfig: '/k' };

describe('settings of an agent', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-settings-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const file = (text: string, name = 'agent.yaml'): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };

  const problemsOf = async (sources: SettingSources): Promise<readonly string[]> => {
    try {
      await resolveSettings(sources);
    } catch (error) {
      if (error instanceof SettingsError) return error.problems;
      throw error;
    }
    return [];
  };

  it('have defaults', async () => {
    const { settings, origins } = await resolveSettings({ flags: needed });
    expect(settings).toMatchObject({
      ...needed,
      gateSocket: '/run/weir/agent.sock',
      stateDirectory: '/var/lib/weir/agent',
      podInterfaces: ['weir'],
      profile: 'kubernetes',
      resyncSeconds: 30,
      logLevel: 'info',
    });
    expect(origins.gateSocket).toEqual({ from: 'default' });
  });

  it('come from flags before the environment, from the environment before the file, from the file before the default', async () => {
    const config = file('# of this node\nnode: of-file\nresyncSeconds: 5\nlogLevel: debug\npodInterfaces: [cali, azv]\n');
    const { settings, origins } = await resolveSettings({
      flags: { config, node: 'of-flag' },
      environment: { WEIR_AGENT_NODE: 'of-env', WEIR_AGENT_KUBECONFIG: '/of-env', WEIR_AGENT_LOG_LEVEL: 'warn', HOME: '/' },
    });
    expect(settings).toMatchObject({
      node: 'of-flag',
      kubeconfig: '/of-env',
      logLevel: 'warn',
      resyncSeconds: 5,
      podInterfaces: ['cali', 'azv'],
    });
    expect(origins).toMatchObject({
      node: { from: 'flag', place: '--node' },
      kubeconfig: { from: 'environment', place: 'WEIR_AGENT_KUBECONFIG' },
      logLevel: { from: 'environment', place: 'WEIR_AGENT_LOG_LEVEL' },
      resyncSeconds: { from: 'file', place: `${config}:3` },
      profile: { from: 'default' },
    });
  });

  it('may be a JSON file, named by the environment', async () => {
    const config = file(JSON.stringify({ ...needed, resyncSeconds: 7, podInterfaces: ['a', 'b'] }, undefined, 1), 'agent.json');
    const { settings, origins } = await resolveSettings({ environment: { WEIR_AGENT_CONFIG: config } });
    expect(settings).toMatchObject({ ...needed, resyncSeconds: 7, podInterfaces: ['a', 'b'], config });
    expect(origins.resyncSeconds).toEqual({ from: 'file', place: `${config}:4` });
  });

  it('are the texts of the file as they are written there, not as YAML reads them', async () => {
    const { settings } = await resolveSettings({ flags: { config: file('node: 0123\nkubeconfig: "/k"\n') } });
    expect(settings.node).toBe('0123');
  });

  it.each<[string, Partial<Record<SettingKey, string>>, RegExp]>([
    ['a node name that is none', { node: 'N_1' }, /--node: 'N_1'/],
    ['no kubeconfig', { kubeconfig: '' }, /--kubeconfig/],
    ['a socket path that is too long in bytes', { gateSocket: `/${'é'.repeat(60)}` }, /121 bytes/],
    ['no socket path', { gateSocket: '' }, /--gate-socket/],
    ['no state directory', { stateDirectory: '' }, /--state-directory/],
    ['no prefix of pod links: nothing would be closed', { podInterfaces: '' }, /--pod-interfaces/],
    ['an empty prefix: everything would be closed', { podInterfaces: 'weir,' }, /--pod-interfaces/],
    ['a prefix that is too long', { podInterfaces: 'a'.repeat(15) }, /--pod-interfaces/],
    ['a Linux engine on Windows', { profile: 'cilium', dataplane: 'hns' }, /--dataplane: the engine cilium runs on Linux only/],
    ['a profile that there is not', { profile: 'none' }, /--profile: it is one of kubernetes, azure, calico, cilium, not 'none'/],
    ['a comparison every moment', { resyncSeconds: '0' }, /--resync-seconds/],
    ['a time that a timer cannot hold', { resyncSeconds: '10000000' }, /--resync-seconds/],
    ['the name of a host to listen at', { metricsAddress: 'localhost:9477' }, /--metrics-address: 'localhost:9477' is no address/],
    ['a port that is none', { metricsAddress: '127.0.0.1:0' }, /--metrics-address/],
    ['metrics for everybody', { metricsAddress: '0.0.0.0:9477' }, /others can reach 0\.0\.0\.0:9477, so it needs TLS and a token/],
    ['metrics for everybody who has the token, in clear', { metricsAddress: '[::]:9477', metricsTokenFile: '/t' }, /reach \[::\]:9477/],
    ['a certificate without its key', { metricsTlsCert: '/c' }, /--metrics-tls-cert: certificate and key belong together/],
    ['a time that is no number', { resyncSeconds: '1e3' }, /--resync-seconds/],
  ])('refuse %s', async (_, change, problem) => {
    await expect(resolveSettings({ flags: { ...needed, ...change } })).rejects.toThrow(problem);
  });

  it('name everything that is wrong at once, each with its place', async () => {
    const config = file('logLevel: loud\nresync-seconds: 3\nnode: [a, b]\nprofile: &p silium\ngateSocket: *p\nkubeconfig: ~\n');
    const problems = await problemsOf({
      flags: { config, podInterfaces: '' },
      environment: { WEIR_AGENT_RESYNC_SECONDS: 'soon', WEIR_AGENT_GATE: '1' },
    });
    expect(problems).toEqual([
      expect.stringMatching(/^WEIR_AGENT_GATE: there is no such setting/),
      `${config}:2: resync-seconds: there is no such setting; it is called resyncSeconds`,
      `${config}:5: gateSocket: aliases are not read; write the value out`,
      expect.stringMatching(`^${config}:6: kubeconfig: give a value`),
      `${config}:3: node: it takes one value, not a list`,
      expect.stringMatching(/^--kubeconfig: it is needed/),
      expect.stringMatching(/^--pod-interfaces: give at least one prefix/),
      expect.stringMatching(`^${config}:4: profile: it is one of kubernetes, azure, calico, cilium, not 'silium'`),
      expect.stringMatching(/^WEIR_AGENT_RESYNC_SECONDS: it is a whole number from 1 to 86400, not 'soon'/),
      `${config}:1: logLevel: it is one of debug, info, warn, error, not 'loud'`,
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['is no YAML', 'node: [a\n', /agent\.yaml:\d+: /],
    ['names something twice', 'node: a\nnode: b\n', /agent\.yaml:2: .*unique/],
    ['is a list', '- node\n', /agent\.yaml:1: it holds names and their values/],
    ['names another file', 'config: /other\n', /agent\.yaml:1: config: a file of settings cannot name another/],
    ['is endless', `node: ${'a'.repeat(70_000)}\n`, /bytes, more than the 65536/],
  ])('refuse a file that %s', async (_, text, problem) => {
    expect((await problemsOf({ flags: { ...needed, config: file(text) } })).join('\n')).toMatch(problem);
  });

  it('refuse a file that is not there', async () => {
    const config = join(directory, 'absent.yaml');
    expect(await problemsOf({ flags: { ...needed, config } })).toEqual([expect.stringMatching(`^${config}: it cannot be read: ENOENT`)]);
  });

  it.each(['127.0.0.1:1', '127.255.0.3:65535', '[::1]:9477', 'none'])(
    'let the metrics be at %s without a token',
    async (metricsAddress) => {
      expect(await problemsOf({ flags: { ...needed, metricsAddress } })).toEqual([]);
    },
  );

  it('ignore the variables that Kubernetes makes of a Service called weir-agent', async () => {
    const environment = {
      WEIR_AGENT_SERVICE_HOST: '10.0.0.1',
      WEIR_AGENT_PORT: 'tcp://10.0.0.1:1',
      WEIR_AGENT_PORT_1_TCP_ADDR: '10.0.0.1',
    };
    expect(await problemsOf({ flags: needed, environment })).toEqual([]);
  });

  it('are shown in a form that, given again, means the same', async () => {
    const first = await resolveSettings({ flags: { ...needed, podInterfaces: 'cali, azv', resyncSeconds: '07' } });
    const again = shownSettings(first).filter(({ value }) => value !== undefined);
    const second = await resolveSettings({ flags: Object.fromEntries(again.map(({ key, text }) => [key, text])) });
    expect(second.settings).toEqual(first.settings);
  });

  it('are all in the reference', async () => {
    await expect(settingsReference()).toMatchFileSnapshot('../../../../design/agent-settings.md');
  });
});

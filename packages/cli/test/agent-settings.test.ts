/** `weir agent config`: the settings of an agent, from everywhere they can come from, in one printed form. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

describe('weir agent config', () => {
  let directory = '';
  let config = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-agent-config-'));
    config = join(directory, 'agent.yaml');
    writeFileSync(config, 'node: node1\nlogLevel: warn\n');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const given = ['agent', 'config', '--kubeconfig', '/k'];

  it('prints every setting with where it comes from', async () => {
    const { code, stdout } = await runWeir(given, { env: { WEIR_AGENT_CONFIG: config, WEIR_AGENT_RESYNC_SECONDS: '5' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SETTING +VALUE +FROM\n/);
    for (const row of [/^node +node1 +.*agent\.yaml:1$/m, /^kubeconfig +\/k +--kubeconfig$/m, /^profile +kubernetes +default$/m])
      expect(stdout).toMatch(row);
    expect(stdout).toMatch(/^resyncSeconds +5 +WEIR_AGENT_RESYNC_SECONDS$/m);
  });

  it('prints them as JSON, and so does run --print-config', async () => {
    const printed = await runWeir([...given, '--config', config, '-o', 'json']);
    const { settings } = JSON.parse(printed.stdout) as { settings: Record<string, unknown> };
    expect(settings).toMatchObject({
      node: { value: 'node1', from: 'file', place: `${config}:1` },
      podInterfaces: { value: ['weir'], from: 'default' },
    });
    const run = ['agent', 'run', '--print-config', '--kubeconfig', '/k', '--config', config, '-o', 'json'];
    expect((await runWeir(run)).stdout).toBe(printed.stdout);
  });

  it.each(['config', 'run'])('%s says everything that is wrong at once, and exits with 2', async (command) => {
    const { code, stdout, stderr } = await runWeir(['agent', command, '--log-level', 'loud', '--config', config], {
      env: { WEIR_AGENT_PROFILE: 'silium' },
    });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const problem of ['3 problems', '--kubeconfig: it is needed', 'WEIR_AGENT_PROFILE: it is one of', '--log-level: it is one of'])
      expect(stderr).toContain(problem);
  });
});

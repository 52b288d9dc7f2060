/**
 * The door to the HNS of Windows, on a library with the signatures of `computenetwork.h`: not what Windows
 * does, but how it is called, what is given back to it, and how its answers are read.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const package_ = join(import.meta.dirname, '..', '..', 'dist', 'index.js');
const program = `
import { openWindowsHnsDoor } from ${JSON.stringify(package_)};
const door = openWindowsHnsDoor();
const request = (Id) => ({ ResourceType: 'Policy', RequestType: 'Add', Settings: { Policies: [{ Type: 'ACL', Settings: { Id } }] } });
const network = '7a5e3c1d-9b2f-4e6a-8c40-000000000001';
const endpoint = '00112233-4455-6677-8899-aabbccddeeff';
const answers = [await door.networks(), await door.endpoints(), (await door.endpoint('{00000000-0000-0000-0000-000000000000}')) ?? 'gone'];
await door.modifyNetwork(network, request('right'));
await door.modifyEndpoint(endpoint, request('wrong')).catch(({ name, message, code }) => answers.push({ name, message, code }));
console.log(JSON.stringify(answers));
`;

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-hcn-'));
  const library = join(directory, 'computenetwork.dll');
  const { code, stderr } = await runProgram('clang', ['-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'computenetwork.c')]);
  if (code !== 0) throw new Error(stderr);
  copyFileSync(library, join(directory, 'ole32.dll'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the door to the HNS of Windows', () => {
  it('opens, asks, changes and closes, reads answers and errors, and gives every text back', async () => {
    const run = await runProgram(process.execPath, ['--input-type=module', '-e', program], { env: { LD_LIBRARY_PATH: directory } });
    expect(run).toMatchObject({ code: 0 });
    const [network, endpoint] = ['network 1d3c5e7a2f9b6a4e8c40000000000001', 'endpoint 33221100554477668899aabbccddeeff'];
    expect(JSON.parse(run.stdout)).toEqual([
      [{ ID: network, Name: 'azure', Policies: [] }],
      [{ ID: endpoint, Name: 'azure', Policies: [], IpConfigurations: [] }],
      'gone',
      { name: 'HnsError', message: 'HcnModifyEndpoint: no such port', code: '0x803b000d' },
    ]);
    const lines = run.stderr.trim().split('\n');
    const document = (id: string): string =>
      `{"ResourceType":"Policy","RequestType":"Add","Settings":{"Policies":[{"Type":"ACL","Settings":{"Id":"${id}"}}]}}`;
    expect(lines.filter((line) => line.startsWith('modify'))).toEqual([
      `modify ${network} ${document('right')}`,
      `modify ${endpoint} ${document('wrong')}`,
    ]);
    expect(lines.filter((line) => line === `close ${network}`)).toHaveLength(2);
    expect(lines.filter((line) => line === `close ${endpoint}`)).toHaveLength(2);
    // Two lists, two documents, two times "gone", one rejection.
    expect(lines.filter((line) => line === 'free')).toHaveLength(7);
  });

  it('is not there on Linux, and only looked for when it is asked for', async () => {
    const load = `import { openWindowsHnsDoor } from ${JSON.stringify(package_)}; console.log('loaded'); openWindowsHnsDoor();`;
    const run = await runProgram(process.execPath, ['--input-type=module', '-e', load]);
    expect(run.stdout).toBe('loaded\n');
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('Failed to load shared library');
  });
});

/** The benchmark of `npm run bench:latency` at its smallest: it runs, and what it sees is what policies promise. */
import { fileURLToPath } from 'node:url';
import { runProgram } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../bench/latency/latency.bench.ts', import.meta.url));
const size = ['--pods', '10', '--policies', '3', '--servers', '2', '--nodes', '1', '--repeat', '1', '--burst', '5', '--rate', '500'];

interface Sample {
  readonly totalMs: number;
  readonly wrong: number;
}
interface SizeResult {
  readonly servers: number;
  readonly kinds: readonly { readonly name: string; readonly allow: readonly Sample[]; readonly deny: readonly Sample[] }[];
  readonly burst: { readonly events: number; readonly transactions: Readonly<Record<string, number>> };
}

describe('the latency benchmark', () => {
  it('sees every change come into force, and nothing of a new pod that no policy allows', async () => {
    const args = ['--conditions=source', '--import', import.meta.resolve('tsx'), script, ...size, '--json'];
    const { code, stdout, stderr } = await runProgram(process.execPath, args, {});
    expect(code, stderr).toBe(0);
    const [result] = JSON.parse(stdout) as SizeResult[];
    expect(result?.servers).toBe(2);
    expect(result?.kinds.map(({ name }) => name)).toEqual(['pod label', 'policy edit', 'namespace label', 'new pod']);
    const strangers = result?.kinds.find(({ name }) => name === 'new pod')?.deny;
    expect(strangers).toMatchObject([{ wrong: 0 }]);
    expect(result?.burst.events).toBe(5);
    expect(result?.burst.transactions['node1']).toBeGreaterThan(0);
  });
});

/**
 * From the request to the last wrong packet: `npm run bench:latency -- [options]`, as root.
 *
 * A lab with real pods on three nodes in a cluster that fake pods and policies fill to a size; a prober
 * sends datagrams from a client to all servers; labels, policies and pods change, and the time counts
 * from the call of the API request to the last datagram, at the slowest server, that was treated as
 * before. See the files beside this one for what exactly is made and measured.
 */
import { parseArgs } from 'node:util';
import { BenchCluster } from './bench-cluster.ts';
import { measureBurst } from './burst.ts';
import { type Bench, measureNewPods, measureScenario } from './measure.ts';
import { ProberProcess } from './prober-process.ts';
import { printBurst, printSamples, type SizeResult } from './report.ts';
import { scenariosOf } from './scenarios.ts';
import { TraceLog } from './trace-log.ts';
import { lanesFrom, makeWorkload } from './workload.ts';

const { values: options } = parseArgs({
  options: {
    /** How many pods the cluster holds in all, one run for each. */
    pods: { type: 'string', default: '10,1000,5000' },
    /** How many fake policies beside the workload's own, for each of the sizes. */
    policies: { type: 'string', default: '10,200,1000' },
    nodes: { type: 'string', default: '3' },
    servers: { type: 'string', default: '50' },
    /** Changes of each kind and direction. */
    repeat: { type: 'string', default: '100' },
    /** Which changes. */
    kinds: { type: 'string', default: 'pod label,policy edit,namespace label,new pod' },
    /** Pod events of the burst. */
    burst: { type: 'string', default: '1000' },
    /** Datagrams a second, over all servers. */
    rate: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});

/** Pods beside servers and fake ones: the client, and cluster DNS. */
const otherPods = 2;

async function runSize(pods: number, policies: number): Promise<SizeResult> {
  const serverCount = Math.min(Number(options.servers), pods - otherPods);
  const fakePods = pods - otherPods - serverCount;
  const fakes = { nodes: Math.ceil(fakePods / 80), pods: fakePods, policies };
  const cluster = await BenchCluster.up(Number(options.nodes), fakes);
  const prober = new ProberProcess();
  running = cluster;
  try {
    const { client, servers } = await makeWorkload(cluster.client, cluster.name, serverCount);
    const bench: Bench = {
      cluster,
      prober,
      trace: new TraceLog(cluster.traceDirectory),
      servers,
      datagramsPerSecond: Number(options.rate),
    };
    const repeat = Number(options.repeat);
    const results: SizeResult['kinds'][number][] = [];
    const kinds = options.kinds.split(',');
    for (const scenario of scenariosOf(cluster.client).filter(({ name }) => kinds.includes(name))) {
      prober.send(lanesFrom(client.netns, servers), bench.datagramsPerSecond);
      const samples = await measureScenario(bench, scenario, repeat);
      results.push({ name: scenario.name, ...samples });
      if (!options.json) printSamples({ name: scenario.name, ...samples });
    }
    if (kinds.includes('new pod')) {
      const newPods = { name: 'new pod', ...(await measureNewPods(bench, repeat)) };
      results.push(newPods);
      if (!options.json) printSamples(newPods);
    }
    const events = Math.min(Number(options.burst), fakePods);
    const burst = events === 0 ? undefined : await measureBurst(bench, events);
    if (burst !== undefined && !options.json) printBurst(burst);
    return { pods, policies, servers: servers.length, kinds: results, ...(burst === undefined ? {} : { burst }) };
  } finally {
    running = undefined;
    prober.close();
    await cluster.down();
  }
}

let running: BenchCluster | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void (running?.down() ?? Promise.resolve()).finally(() => process.exit(130));
  });
}

const sizes = options.pods.split(',').map(Number);
const policies = options.policies.split(',').map(Number);
const results: SizeResult[] = [];
for (const [index, pods] of sizes.entries()) {
  const policyCount = policies[index] ?? policies.at(-1) ?? 0;
  if (!options.json)
    process.stdout.write(`\n${pods} pods, ${policyCount} policies beside the workload's two, ${options.repeat} changes of each kind\n`);
  results.push(await runSize(pods, policyCount));
}
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);

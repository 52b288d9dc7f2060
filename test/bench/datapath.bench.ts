/**
 * What policies cost traffic between two pods of a node, by back end and number of policies: TCP
 * throughput (iperf3), new connections per second, and the time of a round trip. Needs root and
 * the Debian package iperf3.
 *
 *   npm run bench:datapath -- [--quick] [--dataplane NAME]… [--rounds R] [--sizes 0,1,100,1000,10000,cidrs]
 *
 * Two nodes are alike, but that only one of them enforces policies; the other one tracks connections
 * and has no rules. Rounds go to and fro between them. Figures are medians; the ratio in parentheses is
 * the median of the rounds' ratios of the one to the other, with the standard error of that median. All
 * policies select the server, the first one lets the client in. `cidrs` is one policy with 100 000 blocks.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { NetworkPolicy } from '@weir/kube';
import { interruption, type NetpolState, netpolPolicy } from '@weir/testkit';
import { type BackEnd, backEnds } from '../packets/back-ends.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    dataplane: { type: 'string', multiple: true, default: backEnds.map(({ name }) => name) },
    rounds: { type: 'string' },
    sizes: { type: 'string' },
  },
});

const rounds = Number(values.rounds ?? (values.quick ? 3 : 7));
const sizes = (values.sizes ?? (values.quick ? '1,10000,cidrs' : '0,1,100,1000,10000,cidrs')).split(',');
/** Of connections and round trips; iperf3 takes whole seconds. */
const secondsPerRun = values.quick ? 0.3 : 1;
const interrupted = interruption();

/** Client and server, both on the node with policies, and on the one without. */
const pairs = { policed: ['x/a', 'x/c'], free: ['x/b', 'y/a'] } as const;
const measures = ['Gbit/s', 'connections/s', 'µs round trip'] as const;
const ports = { iperf: 5_201, connect: 5_202, echo: 5_203 };

/** Whatever runs for a second has ended by then, also on a busy machine. */
const patienceMs = 60_000;

/** Accepts and closes. */
const acceptProgram = `use IO::Socket::INET; my $l = IO::Socket::INET->new(Listen => 1024, LocalPort => ${ports.connect}, ReuseAddr => 1) or die;
$| = 1; print "ready\\n"; while (my $c = $l->accept) { close $c }`;
/** Answers each datagram with itself. */
const echoProgram = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => ${ports.echo}, Proto => 'udp') or die;
$| = 1; print "ready\\n"; my $m; while (1) { my $from = $s->recv($m, 64); $s->send($m, 0, $from) }`;
/** Connects as often as it can, one after the other, waits for the server's end, and prints how often a second. */
const connectProgram = `use Socket; use Time::HiRes 'time'; my $to = pack_sockaddr_in(${ports.connect}, inet_aton($ARGV[0])); my $n = 0; my $t = time;
while (time - $t < ${secondsPerRun}) { socket(my $s, PF_INET, SOCK_STREAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
connect($s, $to) or die "$!"; sysread($s, my $end, 1); close $s; $n++ } printf "%.1f\\n", $n / (time - $t)`;
/** Sends a datagram when the one before is back, and prints the mean time in microseconds. */
const roundTripProgram = `use IO::Socket::INET; use Time::HiRes 'time'; my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => ${ports.echo}, Proto => 'udp') or die;
my ($n, $m) = (0); my $t = time; while (time - $t < ${secondsPerRun}) { $s->send('x'); $s->recv($m, 64); $n++ } printf "%.2f\\n", (time - $t) / $n * 1e6`;

function run(netns: string, ...command: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ip', ['netns', 'exec', netns, ...command], { maxBuffer: 1 << 24, timeout: patienceMs }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

async function serve(netns: string, command: readonly string[], servers: ChildProcess[]): Promise<void> {
  const server = spawn('ip', ['netns', 'exec', netns, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  await once(server.stdout, 'data');
}

/** One figure of each measure between a pair. */
async function measure(policed: PolicedNetwork, [client, server]: readonly [string, string]): Promise<number[]> {
  const [from, to] = [policed.network.holderOf(podAddressOf(client, 4)), podAddressOf(server, 4)];
  const iperf = JSON.parse(await run(from, 'iperf3', '-J', '-c', to, '-p', String(ports.iperf), '-t', '1')) as {
    end: { sum_received: { bits_per_second: number } };
  };
  const connections = await run(from, 'perl', '-e', connectProgram, to);
  const roundTrip = await run(from, 'perl', '-e', roundTripProgram, to);
  return [iperf.end.sum_received.bits_per_second / 1e9, Number(connections), Number(roundTrip)];
}

/** Policies that select the server; of `cidrs` a single one with 100 000 blocks besides the client. */
function policiesOf(size: string): NetworkPolicy[] {
  const select = { podSelector: { matchLabels: { pod: 'c' } }, policyTypes: ['Ingress' as const] };
  const client = { podSelector: { matchLabels: { pod: 'a' } } };
  if (size === 'cidrs') {
    const blocks = Array.from({ length: 100_000 }, (_, i) => ({
      ipBlock: { cidr: `11.${(i >> 15) & 255}.${(i >> 7) & 255}.${(i & 127) * 2}/32` },
    }));
    return [netpolPolicy('x', 'blocks', { ...select, ingress: [{ from: [client, ...blocks] }] })];
  }
  return Array.from({ length: Number(size) }, (_, i) =>
    netpolPolicy('x', `policy-${i}`, {
      ...select,
      ingress: [
        i === 0
          ? { from: [client] }
          : { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }], ports: [{ port: 10_000 + i }] },
      ],
    }),
  );
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

/** The standard error of the median, from the median of the distances to it: of values that are spread as chance does. */
function errorOfMedian(list: readonly number[]): number {
  const middle = median(list);
  return (1.2533 * 1.4826 * median(list.map((value) => Math.abs(value - middle)))) / Math.sqrt(list.length);
}

type Figures = Readonly<Record<keyof typeof pairs, number[][]>>;

/** Rounds of both nodes; the one that goes first takes turns, so that a machine that gets slower or faster favours neither. */
async function measureRounds(policed: PolicedNetwork): Promise<Figures> {
  const figures: Figures = { policed: [], free: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['policed', 'free'] as const) : (['free', 'policed'] as const);
    for (const name of order) {
      interrupted.throwIfAborted();
      figures[name].push(await measure(policed, pairs[name]));
    }
  }
  return figures;
}

function describe(figures: Figures): string {
  return measures
    .map((unit, i) => {
      const [own, free] = (['policed', 'free'] as const).map((name) => figures[name].map((each) => each[i] ?? Number.NaN)) as [
        number[],
        number[],
      ];
      const ratios = own.map((figure, round) => figure / (free[round] ?? Number.NaN));
      const figure = median(own);
      return `${figure.toFixed(figure < 100 ? 2 : 0)} ${unit} (${median(ratios).toFixed(3)} ± ${errorOfMedian(ratios).toFixed(3)})`;
    })
    .join(', ');
}

/** The network of both nodes, with servers, of which the second one enforces nothing. */
async function measureBackEnd(backEnd: BackEnd): Promise<void> {
  const policed = new PolicedNetwork(backEnd);
  const servers: ChildProcess[] = [];
  const world = (state: NetpolState) => {
    const whole = twoNodeWorld(state);
    return { ...whole, nodes: (whole.nodes ?? []).slice(0, 1) };
  };
  try {
    policed.network.realise(twoNodeWorld({ policies: [] }));
    policed.network.run(policed.network.nodeNetns('node-1'), [
      'nft',
      'add table inet track; add chain inet track track { type filter hook forward priority 0; }; add rule inet track track ct state established counter',
    ]);
    for (const [, server] of Object.values(pairs)) {
      const netns = policed.network.holderOf(podAddressOf(server, 4));
      await serve(netns, ['iperf3', '-s', '-p', String(ports.iperf), '--forceflush'], servers);
      await serve(netns, ['perl', '-e', acceptProgram], servers);
      await serve(netns, ['perl', '-e', echoProgram], servers);
    }
    for (const size of sizes) {
      await policed.reset();
      await policed.tell(world({ policies: policiesOf(size) }));
      console.log(
        `${backEnd.name}, ${size === 'cidrs' ? '100000 CIDRs in one policy' : `${size} policies`}: ${describe(await measureRounds(policed))}`,
      );
    }
  } finally {
    for (const server of servers) server.kill('SIGKILL');
    await policed.close();
  }
}

for (const backEnd of backEnds.filter(({ name }) => values.dataplane.includes(name))) {
  interrupted.throwIfAborted();
  await measureBackEnd(backEnd);
}

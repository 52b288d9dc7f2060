/**
 * Cluster DNS as a built-in program: what runs in the pods of the Deployment `coredns`.
 *
 * The names come from the node process, which follows the API server anyway; the sockets are the
 * pod's own, so that policies about port 53 meet real packets.
 */
import type { BuiltInImage } from '../images/built-in-images.ts';
import { type Program, untilExit } from '../images/program.ts';
import type { ClusterNames } from './cluster-names.ts';
import { createDnsServer, type DnsServerOptions } from './dns-server.ts';

type Announce = NonNullable<DnsServerOptions['announce']>;

/** The port of DNS, on UDP and TCP. */
const dnsPort = 53;

/** Makes the program. It answers as soon as the names are complete and ends with 0 on a signal. */
function createCorednsProgram(names: Pick<ClusterNames, 'sources' | 'synced'>, announce: Announce | undefined): Program {
  return async (context) => {
    const { exited, exit } = untilExit();
    context.onSignal(() => exit(0));
    await names.synced;
    const server = createDnsServer({
      sources: () => names.sources(),
      udp: context.network.openUdp('::', dnsPort),
      listen: (tcp) => context.network.listenTcp(tcp, '::', dnsPort),
      ...(announce === undefined ? {} : { announce }),
      onError: (error) => {
        context.stderr(`[ERROR] ${error.message}\n`);
        exit(1);
      },
    });
    context.stdout(`.:${dnsPort}\nweir cluster DNS\n`);
    const code = await exited;
    await server.close();
    return code;
  };
}

/** The image `weir.local/coredns` of a node: found like the built-in ones, but bound to the node's names. */
export function corednsImage(names: Pick<ClusterNames, 'sources' | 'synced'>, announce?: Announce): BuiltInImage {
  return {
    name: 'coredns',
    entrypoint: '/coredns',
    defaultArguments: [],
    hasExecutable: false,
    program: createCorednsProgram(names, announce),
  };
}

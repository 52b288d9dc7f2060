/**
 * The documents of the Windows Host Networking Service (HNS), and the one door to it.
 *
 * Shapes as hcsshim's `hcn` package has them: they are sent and read back as JSON, names and case
 * included. A door knows nothing of policies: behind it is `computenetwork.dll` on a Windows node, or
 * the lab's emulator.
 */

/** A set of addresses (`Values`: addresses and blocks) or of sets (`Values`: ids of `IPSET`s), comma-separated; on the network. */
export interface SetPolicy {
  readonly Id: string;
  readonly Name: string;
  readonly PolicyType: 'IPSET' | 'NESTEDIPSET';
  readonly Values: string;
}

/**
 * One rule of an endpoint; the lowest priority number that matches decides. Sets in `LocalAddresses`
 * hold the packet's source, in `RemoteAddresses` its destination, in both directions; literal addresses
 * there are the endpoint's own and the peer's. Several sets are all asked. What is absent matches everything.
 */
export interface AclPolicy {
  readonly Id?: string;
  /** IANA number, as text. */
  readonly Protocols?: string;
  readonly Action: 'Allow' | 'Block';
  readonly Direction: 'In' | 'Out';
  readonly LocalAddresses?: string;
  readonly RemoteAddresses?: string;
  /** Ports and ranges of ports (`80,8000-8080`) at the endpoint. */
  readonly LocalPorts?: string;
  /** The same at the peer. */
  readonly RemotePorts?: string;
  /** `Switch`: at the endpoint's port of the virtual switch; `Host`: traffic with the node itself. */
  readonly RuleType?: 'Switch' | 'Host';
  readonly Priority?: number;
}

/** A policy of a network or an endpoint: `ACL`, `SetPolicy`, or one of somebody else's. */
export interface HnsPolicy {
  readonly Type: string;
  readonly Settings: unknown;
}

/** A virtual network of the node. */
export interface HnsNetwork {
  readonly ID: string;
  readonly Name: string;
  readonly Policies: readonly HnsPolicy[];
}

/** A pod's port on the virtual switch. */
export interface HnsEndpoint {
  readonly ID: string;
  /** Id of its network. */
  readonly HostComputeNetwork: string;
  readonly IpConfigurations: readonly { readonly IpAddress: string }[];
  readonly Policies: readonly HnsPolicy[];
}

/** A change of the policies of a network or an endpoint; `Update` of an endpoint replaces all its policies. */
export interface ModifyRequest {
  readonly ResourceType: 'Policy';
  readonly RequestType: 'Add' | 'Update' | 'Remove';
  readonly Settings: { readonly Policies: readonly HnsPolicy[] };
}

/** HNS on this node. A rejected request has changed nothing; calls reject with {@link HnsError}. */
export interface HnsDoor {
  networks(): Promise<readonly HnsNetwork[]>;
  endpoints(): Promise<readonly HnsEndpoint[]>;
  /** One endpoint; undefined when it is not there (any more). */
  endpoint(id: string): Promise<HnsEndpoint | undefined>;
  modifyNetwork(id: string, request: ModifyRequest): Promise<void>;
  modifyEndpoint(id: string, request: ModifyRequest): Promise<void>;
  close(): void;
}

/** HNS rejected a call or could not be reached; `code` is the HRESULT as text where there is one. */
export class HnsError extends Error {
  override readonly name = 'HnsError';
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

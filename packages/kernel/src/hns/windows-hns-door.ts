/**
 * HNS on a Windows node, through `computenetwork.dll` (koffi). It has not run on Windows yet.
 *
 * Documents go in and out as JSON text; the caller frees what a call gives back. The libraries are loaded
 * with the first door, so that other systems never look for them.
 */
import koffi from 'koffi';
import { type HnsDoor, type HnsEndpoint, HnsError, type HnsNetwork } from './hns-door.ts';

type Kind = 'Network' | 'Endpoint';
type Call = (...values: unknown[]) => number;

/** Documents of the second schema. */
const query = '{"SchemaVersion":{"Major":2,"Minor":0},"Flags":0}';
/** ERROR_NOT_FOUND and HCN_E_ENDPOINT_NOT_FOUND. */
const notFound = new Set([0x80070490, 0x803b0002]);

/** The door to this node's HNS. Throws where there is no `computenetwork.dll`. */
export function openWindowsHnsDoor(): HnsDoor {
  const hcn = new ComputeNetwork();
  return {
    networks: async () => hcn.all<HnsNetwork>('Network').map((network) => ({ ...network, Policies: network.Policies ?? [] })),
    endpoints: async () => hcn.all<HnsEndpoint>('Endpoint').map(withPolicies),
    endpoint: async (id) => hcn.query<HnsEndpoint>('Endpoint', id).map(withPolicies)[0],
    modifyNetwork: async (id, request) => hcn.modify('Network', id, JSON.stringify(request)),
    modifyEndpoint: async (id, request) => hcn.modify('Endpoint', id, JSON.stringify(request)),
    close: () => undefined,
  };
}

/** The calls of the library, bound when they are first made. */
class ComputeNetwork {
  readonly #library = koffi.load('computenetwork.dll');
  readonly #bound = new Map<string, Call>();

  constructor() {
    const free = koffi.load('ole32.dll').func('void __stdcall CoTaskMemFree(void *)') as (text: unknown) => void;
    koffi.disposable('HcnText', 'str16', free);
  }

  all<T>(kind: Kind): T[] {
    const ids: [string | null] = [null];
    this.#call(`HcnEnumerate${kind}s`, 'str16, _Out_ HcnText *', query, ids);
    return (JSON.parse(ids[0] ?? '[]') as string[]).flatMap((id) => this.query<T>(kind, id));
  }

  /** One document, or none when it went meanwhile. */
  query<T>(kind: Kind, id: string): T[] {
    const text: [string | null] = [null];
    try {
      this.#opened(kind, id, (handle) => this.#call(`HcnQuery${kind}Properties`, 'void *, str16, _Out_ HcnText *', handle, query, text));
    } catch (error) {
      if (error instanceof HnsError && notFound.has(Number(error.code))) return [];
      throw error;
    }
    return text[0] === null ? [] : [JSON.parse(text[0]) as T];
  }

  modify(kind: Kind, id: string, settings: string): void {
    this.#opened(kind, id, (handle) => this.#call(`HcnModify${kind}`, 'void *, str16', handle, settings));
  }

  #opened(kind: Kind, id: string, use: (handle: unknown) => void): void {
    const handle: [unknown] = [null];
    this.#call(`HcnOpen${kind}`, 'const uint8_t *, _Out_ void **', guidBytes(id), handle);
    try {
      use(handle[0]);
    } finally {
      this.#bind(`HcnClose${kind}`, 'void *')(handle[0]);
    }
  }

  /** Every call but the closing ones ends with a place for its reason, and answers 0 or an HRESULT. */
  #call(name: string, parameters: string, ...values: unknown[]): void {
    const reason: [string | null] = [null];
    const result = this.#bind(name, `${parameters}, _Out_ HcnText *`)(...values, reason);
    if (result !== 0) throw new HnsError(`${name}: ${reason[0] ?? 'no reason given'}`, `0x${result.toString(16).padStart(8, '0')}`);
  }

  #bind(name: string, parameters: string): Call {
    const bound = this.#bound.get(name) ?? (this.#library.func(`uint32_t __stdcall ${name}(${parameters})`) as Call);
    this.#bound.set(name, bound);
    return bound;
  }
}

function withPolicies(endpoint: HnsEndpoint): HnsEndpoint {
  return { ...endpoint, IpConfigurations: endpoint.IpConfigurations ?? [], Policies: endpoint.Policies ?? [] };
}

/** The 16 bytes of a GUID: its first three parts are little-endian. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll(/[{}-]/g, ''), 'hex');
  if (bytes.length !== 16) throw new HnsError(`'${text}' is no id of HNS`);
  return Buffer.concat([bytes.subarray(0, 4).reverse(), bytes.subarray(4, 6).reverse(), bytes.subarray(6, 8).reverse(), bytes.subarray(8)]);
}

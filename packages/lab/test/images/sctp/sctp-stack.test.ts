/** SCTP over a wire that the test holds: what is lost comes again, what is forged is nothing. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { crc32c } from '../../../src/images/sctp/crc32c.ts';
import { chunkType, decodePacket, encodePacket } from '../../../src/images/sctp/sctp-packet.ts';
import { type SctpConnection, type SctpDoor, type SctpHandlers, SctpStack } from '../../../src/images/sctp/sctp-stack.ts';

/** Two ends and what passes between them. */
class Wire {
  readonly sent: number[][] = [];
  readonly #ports = new Set<string>();
  /** Decides about each packet: the types of its chunks, and how many have gone before. */
  drop: (types: readonly number[], index: number) => boolean = () => false;
  readonly #ends = new Map<string, (packet: Buffer, source: string) => void>();

  door(address: string): SctpDoor {
    const claimed = new Set<number>();
    return {
      send: (packet, destination) => {
        const decoded = decodePacket(packet);
        const types = (decoded?.chunks ?? []).map(({ type }) => type);
        this.sent.push(types);
        this.#ports.add(`${decoded?.sourcePort} ${decoded?.destinationPort}`);
        if (this.drop(types, this.sent.length)) return;
        queueMicrotask(() => this.#ends.get(destination)?.(packet, address));
      },
      follow: (onPacket) => this.#ends.set(address, onPacket),
      claim: (port) => {
        if (claimed.has(port)) return undefined;
        claimed.add(port);
        return () => claimed.delete(port);
      },
      close: () => this.#ends.delete(address),
    };
  }

  /** The ports from which packets went to this one. */
  portsTo(port: number): readonly number[] {
    return [...this.#ports].filter((pair) => pair.endsWith(` ${port}`)).map((pair) => Number(pair.split(' ')[0]));
  }

  /** A packet from anywhere. */
  inject(destination: string, packet: Buffer, source: string): void {
    this.#ends.get(destination)?.(packet, source);
  }
}

afterEach(() => {
  vi.useRealTimers();
});

function pair(wire: Wire, answer: (connection: SctpConnection) => SctpHandlers): { client: SctpStack; server: SctpStack } {
  const server = new SctpStack(wire.door('10.0.0.2'));
  server.listen(80, answer);
  return { client: new SctpStack(wire.door('10.0.0.1')), server };
}

/** Sends texts one after the other and gathers the answers until the association ends. */
async function talk(client: SctpStack, texts: readonly string[]): Promise<{ answers: string[]; error: string | undefined }> {
  const answers: string[] = [];
  const error = await new Promise<string | undefined>((resolve) => {
    const connection = client.connect('10.0.0.2', 80, {
      established: () => {
        for (const text of texts) connection.send(Buffer.from(text));
      },
      message: (data) => {
        answers.push(data.toString());
        if (answers.length === texts.length) connection.close();
      },
      closed: resolve,
    });
  });
  return { answers, error };
}

const echo = (connection: SctpConnection): SctpHandlers => ({ message: (data) => connection.send(data) });

describe('crc32c', () => {
  it('has the values of RFC 3720', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });
});

describe('an association', () => {
  it('carries messages in order both ways, and ends in order', async () => {
    const wire = new Wire();
    const ended: (string | undefined)[] = [];
    const { client } = pair(wire, (connection) => ({ ...echo(connection), closed: (error) => void ended.push(error) }));
    const texts = Array.from({ length: 30 }, (_, i) => `message ${i}`);
    expect(await talk(client, texts)).toEqual({ answers: texts, error: undefined });
    expect(ended).toEqual([undefined]);
    const tail = wire.sent.slice(-3).flat();
    expect(tail).toEqual([chunkType.shutdown, chunkType.shutdownAck, chunkType.shutdownComplete]);
  });

  it.each(Object.entries(chunkType).filter(([name]) => !['heartbeat', 'heartbeatAck', 'abort', 'error'].includes(name)))(
    'gets over the loss of %s',
    async (_name, type) => {
      vi.useFakeTimers();
      const wire = new Wire();
      let lost = 0;
      wire.drop = (types) => types.includes(type) && lost++ === 0;
      const { client } = pair(wire, echo);
      const talked = talk(client, ['a', 'b']);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await talked).toEqual({ answers: ['a', 'b'], error: undefined });
      expect(lost).toBeGreaterThan(0);
    },
  );

  it('is refused where nobody listens, and given up where nothing answers', async () => {
    vi.useFakeTimers();
    const wire = new Wire();
    const server = new SctpStack(wire.door('10.0.0.2'));
    const client = new SctpStack(wire.door('10.0.0.1'));
    const ended = (): Promise<string | undefined> => new Promise((closed) => void client.connect('10.0.0.2', 81, { closed }));
    await expect(ended()).resolves.toBe('ECONNREFUSED');
    server.close();
    const silent = ended();
    await vi.advanceTimersByTimeAsync(600_000);
    await expect(silent).resolves.toBe('ETIMEDOUT');
  });

  it('gives its ports back when its associations end, and not before', async () => {
    const wire = new Wire();
    new SctpStack(wire.door('10.0.0.2')).listen(80, echo);
    const door = wire.door('10.0.0.1');
    const client = new SctpStack(door);
    const connection = await new Promise<SctpConnection>((resolve) => {
      const made: SctpConnection = client.connect('10.0.0.2', 80, { established: () => resolve(made) });
    });
    const [port = 0] = wire.portsTo(80);
    expect(door.claim(port)).toBeUndefined();
    connection.destroy();
    expect(door.claim(port)).toBeDefined();
  });

  it('takes no notice of packets with a wrong checksum or a wrong tag', async () => {
    const wire = new Wire();
    const got: string[] = [];
    const ended: (string | undefined)[] = [];
    const { client } = pair(wire, () => ({ message: (data) => void got.push(data.toString()), closed: (error) => void ended.push(error) }));
    const connection = await new Promise<SctpConnection>((resolve) => {
      const made: SctpConnection = client.connect('10.0.0.2', 80, { established: () => resolve(made) });
    });
    const chunk = { type: chunkType.data, flags: 3, value: Buffer.concat([Buffer.alloc(12), Buffer.from('forged')]) };
    const abort = { type: chunkType.abort, flags: 0, value: Buffer.alloc(0) };
    for (const sourcePort of wire.portsTo(80)) {
      const forged = { sourcePort, destinationPort: 80, tag: 1 };
      wire.inject('10.0.0.2', encodePacket({ ...forged, chunks: [chunk] }), '10.0.0.1');
      wire.inject('10.0.0.2', encodePacket({ ...forged, chunks: [abort] }), '10.0.0.1');
      const broken = encodePacket({ ...forged, chunks: [abort] });
      broken.writeUInt32LE(0, 8);
      expect(decodePacket(broken)).toBeUndefined();
    }
    connection.send(Buffer.from('real'));
    await vi.waitFor(() => expect(got).toEqual(['real']), 20_000);
    expect(ended).toEqual([]);
  });

  it('with a peer that has vanished is given up', async () => {
    vi.useFakeTimers();
    const wire = new Wire();
    const ended: (string | undefined)[] = [];
    const { client } = pair(wire, () => ({ closed: (error) => void ended.push(error) }));
    client.connect('10.0.0.2', 80, {});
    await vi.advanceTimersByTimeAsync(100);
    wire.drop = () => true;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ended).toEqual(['ETIMEDOUT']);
  });

  it('is not made by a cookie of somebody else, or a changed one', async () => {
    const wire = new Wire();
    let accepted = 0;
    const { client } = pair(wire, () => {
      accepted++;
      return {};
    });
    wire.drop = (types) => types.includes(chunkType.cookieEcho);
    client.connect('10.0.0.2', 80, {});
    await vi.waitFor(() => expect(wire.sent.flat()).toContain(chunkType.cookieEcho), 20_000);
    const cookie = Buffer.alloc(56, 7);
    const echoed = { sourcePort: 1, destinationPort: 80, tag: 0, chunks: [{ type: chunkType.cookieEcho, flags: 0, value: cookie }] };
    wire.inject('10.0.0.2', encodePacket(echoed), '10.0.0.1');
    expect(accepted).toBe(0);
  });
});

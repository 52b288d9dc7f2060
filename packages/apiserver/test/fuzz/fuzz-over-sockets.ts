/** Inputs over TLS, several connections at a time: HTTP/1.1 as it is, HTTP/1.1 with damaged bytes, and HTTP/2. */
import { type ClientHttp2Session, connect } from 'node:http2';
import { Random } from '@weir/testkit';
import { FuzzLog, type FuzzRange, type FuzzReport, faultText, inTime, seedOf } from './fuzz-report.ts';
import { type FuzzedServer, refurnish } from './fuzzed-server.ts';
import { type HostileRequest, hostileRequest, inputText, type Sender } from './hostile-requests.ts';
import { damaged } from './hostile-values.ts';
import { type JudgedAnswer, problemOf } from './judge-answer.ts';
import { RawConnection } from './raw-connection.ts';

/** How many inputs are under way at a time. */
const lanes = 8;

/** Runs them. */
export async function fuzzOverSockets(fuzzed: FuzzedServer, range: FuzzRange): Promise<FuzzReport> {
  const log = new FuzzLog(range);
  await refurnish(fuzzed);
  let next = range.first;
  const work = async (): Promise<void> => {
    const lane = new Lane(fuzzed);
    while (next < range.first + range.count) {
      const index = next;
      next += 1;
      const random = new Random(seedOf(range, index));
      const request = hostileRequest(random, fuzzed.server.server.registry.all());
      await tryInput(lane, { random, request, log, index });
    }
    lane.close();
  };
  await Promise.all(Array.from({ length: lanes }, work));
  const alive = await fuzzed.server.request('GET', '/livez');
  if (alive.text !== 'ok') log.find(next, 'the server does not answer any more', alive.text);
  for (const fault of fuzzed.takeFaults()) log.find(next, faultText(fault), 'one of these inputs');
  return log.report();
}

interface Attempt {
  readonly random: Random;
  readonly request: HostileRequest;
  readonly log: FuzzLog;
  readonly index: number;
}

async function tryInput(lane: Lane, { random, request, log, index }: Attempt): Promise<void> {
  const isDamaged = random.chance(0.15);
  const { sender, method } = request;
  try {
    const answer = await inTime(
      !isDamaged && random.chance(0.3) ? lane.overHttp2(request) : lane.overHttp1(request, isDamaged ? random : undefined),
    );
    log.count(answer?.status ?? 0);
    // Damaged bytes may be no request, or another one; who sends them stays the same.
    if (answer === undefined && !isDamaged) log.find(index, 'the connection ended without an answer', inputText(request));
    if (answer === undefined) return;
    const problem = problemOf(isDamaged ? { ...answer, isStream: true } : answer, {
      sender,
      method,
      canary: lane.canary,
      hasWritten: false,
    });
    const isRefusedHead = isDamaged && [400, 408, 413, 431].includes(answer.status);
    if (problem !== undefined && !isRefusedHead) log.find(index, problem, inputText(request));
  } catch (error) {
    log.find(index, faultText(error), inputText(request));
  }
}

/** The connections of one input after the other. */
class Lane {
  readonly #fuzzed: FuzzedServer;
  readonly #raw = new Map<string, RawConnection>();
  readonly #sessions = new Map<string, ClientHttp2Session>();

  constructor(fuzzed: FuzzedServer) {
    this.#fuzzed = fuzzed;
  }

  get canary(): string {
    return this.#fuzzed.canary;
  }

  async overHttp1(request: HostileRequest, damage: Random | undefined): Promise<JudgedAnswer | undefined> {
    const { sender, method } = request;
    const kept = this.#raw.get(sender);
    const connection = kept === undefined || kept.ended ? new RawConnection(this.#fuzzed, sender) : kept;
    this.#raw.set(sender, connection);
    const bytes = this.#bytesOf(request);
    connection.write(damage === undefined ? bytes : damaged(damage, bytes));
    // What is cut off is never answered; it is not waited for.
    if (damage !== undefined) connection.write(Buffer.from('\r\n\r\n'));
    const answer = await (damage === undefined ? connection.answer(method) : Promise.race([connection.answer(method), pause()]));
    if (damage !== undefined || answer?.isStream === true) connection.destroy();
    return answer;
  }

  async overHttp2({ sender, method, target, headers, body }: HostileRequest): Promise<JudgedAnswer | undefined> {
    const authorization = this.#fuzzed.authorizationOf(sender);
    const fields = { ':method': method, ':path': target, ...headers, ...(authorization === undefined ? {} : { authorization }) };
    const stream = this.#sessionOf(sender).request(fields, { endStream: body.length === 0 });
    return new Promise((resolve) => {
      let answer: JudgedAnswer | undefined;
      const pieces: Buffer[] = [];
      stream.on('response', (answered) => {
        const isStream = answered['content-length'] === undefined;
        const named = Object.entries(answered).filter(([name]) => !name.startsWith(':'));
        answer = {
          status: answered[':status'] ?? 0,
          headers: Object.fromEntries(named.map(([name, value]) => [name, String(value)])),
          text: '',
          isStream,
        };
        if (isStream) stream.close();
      });
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('error', () => undefined);
      stream.on('close', () => resolve(answer === undefined ? undefined : { ...answer, text: Buffer.concat(pieces).toString() }));
      if (body.length > 0) stream.end(body);
    });
  }

  close(): void {
    for (const connection of this.#raw.values()) connection.destroy();
    for (const session of this.#sessions.values()) session.destroy();
  }

  #sessionOf(sender: Sender): ClientHttp2Session {
    const kept = this.#sessions.get(sender);
    if (kept !== undefined && !kept.closed && !kept.destroyed) return kept;
    const pair = this.#fuzzed.certificateOf(sender);
    const { server } = this.#fuzzed;
    const session = connect(server.url, {
      ca: server.ca.certificate,
      ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
    });
    session.on('error', () => undefined);
    this.#sessions.set(sender, session);
    return session;
  }

  #bytesOf({ sender, method, target, headers, body }: HostileRequest): Buffer {
    const authorization = this.#fuzzed.authorizationOf(sender);
    const lines = [
      `${method} ${target} HTTP/1.1`,
      'host: 127.0.0.1',
      `content-length: ${body.length}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(authorization === undefined ? [] : [`authorization: ${authorization}`]),
    ];
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
  }
}

/** Long enough for an answer that comes at all, on most machines; nothing depends on it. */
function pause(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), 20);
  });
}

/**
 * DNS messages: from the bytes of a query to the bytes of its response (RFC 1035, RFC 6891).
 *
 * A message that cannot be read gets FORMERR when at least its id is there; what is not a query is
 * not answered at all, so that two servers can never talk to each other for ever.
 */
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';
import { type Answer, type AnswerSources, answerQuestion } from './answer-query.ts';

/** Response codes, RFC 1035 §4.1.1. */
const code = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** What a client without EDNS takes over UDP, in bytes. */
const plainUdpBytes = 512;

/** The largest response over UDP, whatever the client says: what passes everywhere without fragments. */
const udpBytesMax = 1232;

/** The response to a query; undefined when there must be none. `rotation` turns lists of records so that clients spread. */
export function respond(bytes: Buffer, transport: 'udp' | 'tcp', world: { sources: AnswerSources; rotation: number }): Buffer | undefined {
  // Too short for a header, or itself a response.
  if (bytes.length < 12 || (bytes.readUInt16BE(2) & 0x8000) !== 0) return undefined;
  const id = bytes.readUInt16BE(0);
  let query: Packet;
  try {
    query = decode(bytes);
  } catch {
    return encode({ type: 'response', id, flags: code.FORMERR });
  }
  const limit = transport === 'tcp' ? 65_535 : udpLimit(query);
  const response = responseTo(query, world);
  const whole = encode(response);
  if (whole.length <= limit) return whole;
  const { flags = 0 } = response;
  return encode({ ...response, flags: flags | TRUNCATED_RESPONSE, answers: [], authorities: [], additionals: optOf(query) });
}

function responseTo(query: Packet, { sources, rotation }: { sources: AnswerSources; rotation: number }): Packet {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED;
  const [question, ...more] = query.questions ?? [];
  const base = { type: 'response' as const, id: query.id ?? 0, questions: query.questions ?? [], additionals: optOf(query) };
  const refuse = (reason: number): Packet => ({ ...base, flags: desired | reason });
  if (query.opcode !== undefined && query.opcode !== 'QUERY') return refuse(code.NOTIMP);
  if (question === undefined || more.length > 0) return refuse(code.FORMERR);
  if ((question.class ?? 'IN') !== 'IN' && question.class !== 'ANY') return refuse(code.REFUSED);
  const answer: Answer = answerQuestion(question, sources);
  return {
    ...base,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | desired | code[answer.code],
    answers: rotated(answer.answers, rotation),
    authorities: answer.authorities,
    additionals: [...answer.additionals, ...base.additionals],
  };
}

/** CNAMEs keep their place in front; the records of the last name turn. */
function rotated(answers: Answer['answers'], rotation: number): Answer['answers'] {
  const first = answers.findIndex(({ type }) => type !== 'CNAME');
  if (first < 0) return answers;
  const records = answers.slice(first);
  const turn = rotation % records.length;
  return [...answers.slice(0, first), ...records.slice(turn), ...records.slice(0, turn)];
}

function udpLimit(query: Packet): number {
  const opt = query.additionals?.find(({ type }) => type === 'OPT');
  return Math.min(udpBytesMax, Math.max(plainUdpBytes, opt?.udpPayloadSize ?? plainUdpBytes));
}

/** A client that speaks EDNS gets it back. */
function optOf(query: Packet): NonNullable<Packet['additionals']> {
  const speaks = query.additionals?.some(({ type }) => type === 'OPT') ?? false;
  return speaks ? [{ name: '.', type: 'OPT', udpPayloadSize: udpBytesMax, flags: 0, options: [] }] : [];
}

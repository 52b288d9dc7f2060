/**
 * Where the DNS servers of a node tell what they are about to answer:
 *
 *   POST /v1/answers   {name, addresses: [{address, ttl}]}   → 200 when what follows is in the kernel
 *
 * A server that keeps its answer back until then loses no packet of the pod that asked. Who may write to the socket is
 * the group of its directory when that has the set-group-ID bit, else root alone: mode 0660. Whoever may can have pods
 * reach any address outside of the cluster that rules allow by name, and nothing else.
 */
import type { Server } from 'node:http';
import { openLocalServer, RefusedRequestError, readJson } from '../local-server.ts';
import { type DomainAnswer, parseDomainAnswer } from './domain-answer.ts';

/** Opens it; `learn` resolves when the answer is in force. */
export function openNamesSocket(path: string, learn: (answer: DomainAnswer) => Promise<void>): Promise<Server> {
  return openLocalServer({
    path,
    setting: 'names-socket',
    mode: 0o660,
    route: async (request) => {
      if (request.method !== 'POST' || request.url !== '/v1/answers') return undefined;
      const resolved = parseDomainAnswer(await readJson(request));
      if ('problem' in resolved) throw new RefusedRequestError(resolved.problem);
      await learn(resolved);
      return { name: resolved.name };
    },
  });
}
